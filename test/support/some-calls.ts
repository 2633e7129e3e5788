import { randomBytes } from 'node:crypto'
import { type EntryId, positionOf, STREAM_START } from '../../src/domain/position.ts'
import type { PositionedVote } from '../../src/domain/vote.ts'
import type { DoorAnswer, DoorCall, DoorState, VoteDoor } from '../../src/ports/vote-door.ts'
import type { StreamEntry, VoteStream } from '../../src/ports/vote-stream.ts'
import { someVoter } from './some-votes.ts'

export const somePollId = (): string => `poll${randomBytes(8).toString('hex')}`
export const someRequestKey = (): string => randomBytes(8).toString('hex')

/** A first vote for option 1; what a test is about, it says itself. */
export const someCall = (said: Partial<DoorCall> & Pick<DoorCall, 'pollId'>): DoorCall => ({
  round: 1,
  revision: 1,
  kind: 'cast',
  voter: someVoter(),
  selection: [1],
  requestKey: null,
  ...said,
})

export const someDoor = (pollId: string, said: Partial<DoorState> = {}): DoorState => ({
  pollId,
  round: 1,
  revision: 1,
  closesAt: null,
  ...said,
})

/** The answer to one call. */
export const ask = async (door: VoteDoor, call: DoorCall, partition = 0): Promise<DoorAnswer> => {
  const [answer] = await door.append(partition, [call])
  if (answer === undefined) throw new Error('no answer')
  return answer
}

/** Everything that the partition's stream holds. */
export const readEntries = async (stream: VoteStream, partition = 0): Promise<readonly StreamEntry[]> => {
  const entries: StreamEntry[] = []
  for (let after: EntryId = STREAM_START; ;) {
    const page = await stream.read(partition, after, { entriesMax: 100, waitMs: 0 }, new AbortController().signal)
    const last = page.at(-1)
    if (last === undefined) return entries
    entries.push(...page)
    after = last.id
  }
}

/** The votes of this poll that the stream holds, in their order. */
export const readVotes = async (stream: VoteStream, pollId: string, partition = 0): Promise<PositionedVote[]> =>
  (await readEntries(stream, partition)).flatMap(({ id, epoch, content }) =>
    content.type === 'votes'
      ? content.votes
          .map((vote, index) => ({ ...vote, position: positionOf(epoch, id, index) }))
          .filter((vote) => vote.pollId === pollId)
      : [],
  )

/** The rounds whose close markers of this poll the stream holds, in their order. */
export const readMarkers = async (stream: VoteStream, pollId: string, partition = 0): Promise<number[]> =>
  (await readEntries(stream, partition)).flatMap(({ content }) =>
    content.type === 'close' && content.pollId === pollId ? [content.round] : [],
  )
