import { readFileSync } from 'node:fs'
import type pg from 'pg'
import type { PositionedVote } from '../../domain/vote.ts'
import { nameStatement, type PreparedStatements } from './vote-ledger-prepared.ts'

const RECORD_FIRST_VOTES = nameStatement(
  'record first votes',
  readFileSync(new URL('./sql/record-first-votes.sql', import.meta.url), 'utf8'),
)

const KEY_BYTES = 16
const POSITION_BYTES = 16
/** The ledger's smallint. */
const OPTION_ID_MAX = 0x7fff

export type FirstVotesRecorded = {
  /** Polls whose tally changed. */
  readonly pollIds: readonly string[]
  readonly written: number
  /** Those that are still to be judged, in their order. */
  readonly left: readonly PositionedVote[]
}

/** Of one poll and round: the votes by their selection, as PostgreSQL writes an array of its option ids. */
type Choices = { readonly pollId: string; readonly round: number; readonly votes: Map<string, PositionedVote[]> }

type FirstVotesRow = {
  readonly poll_ids: readonly string[]
  readonly written: number
  readonly marks: Buffer | null
}

/**
 * Records those votes of a batch that are plainly the first of their voters, and leaves out the others. At most one per poll, round and voter,
 * and no two of one voter at one position. Whoever calls it MUST hold the partition's checkpoint in the same transaction.
 */
export async function recordFirstVotes(
  client: pg.PoolClient,
  prepared: PreparedStatements,
  partition: number,
  votes: readonly PositionedVote[],
  recordedAt: Date,
): Promise<FirstVotesRecorded> {
  const eligible = votes.every(mayBeFirst) ? votes : votes.filter(mayBeFirst)
  if (eligible.length === 0) return { pollIds: [], written: 0, left: votes }
  const byPoll = sortByChoice(eligible)
  const { voters, positions } = packVotes(byPoll, eligible.length)
  const { rows } = await client.query<FirstVotesRow>({
    ...prepared.ask(RECORD_FIRST_VOTES),
    values: [
      byPoll.map((choices) => choices.pollId),
      byPoll.map((choices) => choices.round),
      byPoll.map((choices) => `{${[...choices.votes.keys()].map((selection) => `"${selection}"`).join(',')}}`),
      byPoll.map((choices) => `{${[...choices.votes.values()].map((same) => same.length).join(',')}}`),
      // A buffer goes as it is; in an array, or as text, each would be written in hexadecimal and read again.
      voters,
      positions,
      eligible.length,
      partition,
      recordedAt,
    ],
  })
  const row = rows[0]
  if (row === undefined) throw new Error('recording first votes returned no row')
  const { poll_ids: pollIds, written } = row
  if (row.marks === null && eligible === votes) return { pollIds, written, left: [] }
  const isWritten = row.marks === null ? mayBeFirst : isAmong(row.marks)
  const left = votes.filter((vote) => !isWritten(vote))
  // Else one would be lost: the transaction must not go on.
  if (left.length + written !== votes.length) throw new Error('two votes of a batch cannot be told apart')
  return { pollIds, written, left }
}

/** What could be written as it is. Whatever looks strange has its judge. */
function mayBeFirst({ kind, voter, position, selection, pollId }: PositionedVote): boolean {
  return (
    kind === 'cast' &&
    voter.length === 2 * KEY_BYTES &&
    position.length === 2 * POSITION_BYTES &&
    selection.length > 0 &&
    selection.every((optionId) => optionId <= OPTION_ID_MAX) &&
    !pollId.includes('\0')
  )
}

/** Neither polls nor choices are many in a batch, as a rule; where each vote is for a choice of its own, that is right too. */
function sortByChoice(votes: readonly PositionedVote[]): readonly Choices[] {
  const byPoll = new Map<string, Map<number, Choices>>()
  const all: Choices[] = []
  for (const vote of votes) {
    const { pollId, round } = vote
    let byRound = byPoll.get(pollId)
    if (byRound === undefined) byPoll.set(pollId, (byRound = new Map()))
    let choices = byRound.get(round)
    if (choices === undefined) {
      choices = { pollId, round, votes: new Map() }
      byRound.set(round, choices)
      all.push(choices)
    }
    const selection = `{${vote.selection.join(',')}}`
    const same = choices.votes.get(selection)
    if (same === undefined) choices.votes.set(selection, [vote])
    else same.push(vote)
  }
  return all
}

function packVotes(byPoll: readonly Choices[], count: number): { readonly voters: Buffer; readonly positions: Buffer } {
  const voters = Buffer.allocUnsafe(count * KEY_BYTES)
  const positions = Buffer.allocUnsafe(count * POSITION_BYTES)
  let at = 0
  for (const choices of byPoll) {
    for (const same of choices.votes.values()) {
      for (const { voter, position } of same) {
        if (voters.write(voter, at, 'hex') + positions.write(position, at, 'hex') !== KEY_BYTES + POSITION_BYTES) {
          throw new RangeError(`not a voter key or not a position: ${voter}, ${position}`)
        }
        at += KEY_BYTES
      }
    }
  }
  return { voters, positions }
}

function isAmong(marks: Buffer): (vote: PositionedVote) => boolean {
  const text = marks.toString('hex')
  const digits = 2 * (KEY_BYTES + POSITION_BYTES)
  const known = new Set<string>()
  for (let at = 0; at < text.length; at += digits) known.add(text.slice(at, at + digits))
  return ({ voter, position }) => known.has(voter + position)
}
