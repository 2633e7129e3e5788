/**
 * The hash tags of the partitions in a cluster.
 *
 * Background: what stands in the braces of a key decides its slot, and neighbouring slots are usually on one server. The numbers of the partitions
 * as they are would lie where chance puts them: of the first eight, 3, 1 and 4 on the thirds of the slots. How many partitions there are must
 * not matter either: polls of before and after VOTE_PARTITIONS was changed share the first ones, and a key that has data can not
 * be renamed. So the n-th partition lies at the fraction 0.1 + n times the golden ratio of all slots, which spreads the first of any number evenly:
 * over equal shares of up to 64 servers, none has more than one above its part.
 *
 * Each number makes, behind that of its partition, a tag whose slot is at most 16 away from that place. They stand in keys that hold
 * accepted votes: a number that is changed loses them.
 */
const numbers = [
  1603, 96, 65, 772, 42, 731, 611, 1283, 35, 217, 272, 716, 737, 720, 402, 256, 274, 349, 158, 221, 462, 266, 394, 31,
  7, 506, 330, 2, 258, 571, 630, 267, 36, 179, 370, 452, 119, 290, 307, 429, 604, 446, 73, 1743, 56, 1037, 149, 156, 18,
  1219, 396, 172, 57, 232, 624, 476, 720, 77, 657, 65, 356, 261, 362, 257,
]

export function spreadTag(partition: number): string {
  const number = numbers[partition]
  if (number === undefined) throw new RangeError(`partition ${partition} has no place in a cluster`)
  return `${partition}.${number}`
}
