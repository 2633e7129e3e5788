import type { OptionInput, Poll, PollOption } from './poll.ts'
import type { FieldError } from './refusal.ts'

export type MergedOptions = Pick<Poll, 'options' | 'nextOptionId'>

/** Options of a new poll: numbered from 1 in their order. */
export function numberOptions(inputs: readonly OptionInput[]): MergedOptions {
  const options = inputs.map(({ text }, position) => ({ id: position + 1, text: text.trim(), position }))
  return { options, nextOptionId: options.length + 1 }
}

/** Ids that an option list must not name: unknown ones, and those that it names twice. */
export function checkOptionIds(known: readonly PollOption[], inputs: readonly OptionInput[]): readonly FieldError[] {
  const seen = new Set<number>()
  return inputs.flatMap(({ id }, index) => {
    if (id === undefined) return []
    const pointer = `/options/${index}/id`
    if (!known.some((option) => option.id === id)) return [{ pointer, detail: `This poll has no option ${id}.` }]
    if (seen.has(id)) return [{ pointer, detail: `Option ${id} is listed twice.` }]
    seen.add(id)
    return []
  })
}

/**
 * The options as the list wants them. An id keeps its option; a text without id keeps the option that already has this
 * text, so that changing places does not misplace votes. What is left is new and gets ids that were never used.
 *
 * With `isSetFixed` (the poll has opened) a list without any id corrects texts: what is left takes, in order, the ids that
 * nobody kept, as far as there are some.
 */
export function mergeOptions(
  poll: MergedOptions,
  inputs: readonly OptionInput[],
  { isSetFixed }: { isSetFixed: boolean },
): MergedOptions {
  const texts = inputs.map(({ text }) => text.trim())
  const named = new Set(inputs.map(({ id }) => id))
  const free = poll.options.filter((option) => !named.has(option.id))
  const ids = inputs.map(({ id }, index) => {
    if (id !== undefined) return id
    const same = free.findIndex((option) => option.text === texts[index])
    return same === -1 ? undefined : free.splice(same, 1)[0]?.id
  })
  let nextOptionId = poll.nextOptionId
  const mayCorrect = isSetFixed && inputs.every(({ id }) => id === undefined)
  const options = texts.map((text, position) => {
    const id = ids[position] ?? (mayCorrect ? free.shift()?.id : undefined) ?? nextOptionId++
    return { id, text, position }
  })
  return { options, nextOptionId }
}

/** Whether both lists hold the same options, whatever their texts and order. */
export function isSameSet(a: readonly PollOption[], b: readonly PollOption[]): boolean {
  const ids = new Set(a.map((option) => option.id))
  return a.length === b.length && b.every((option) => ids.has(option.id))
}

export function hasSameTexts(a: readonly PollOption[], b: readonly PollOption[]): boolean {
  const texts = new Map(a.map((option) => [option.id, option.text]))
  return b.every((option) => texts.get(option.id) === option.text)
}

/** Whether both lists hold the same options with the same texts in the same order. */
export function isSameList(a: readonly PollOption[], b: readonly PollOption[]): boolean {
  return a.length === b.length && a.every(({ id, text }, index) => b[index]?.id === id && b[index].text === text)
}
