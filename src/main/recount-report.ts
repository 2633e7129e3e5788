import { styleText } from 'node:util'
import { differencesIn, type RecountedPoll } from '../application/recount-polls.ts'
import { formatNumber, formatVotes } from '../terminal/format-number.ts'
import type { Poll } from '../domain/poll.ts'
import type { Difference, Recount } from '../ports/tallies.ts'

/** What a whole run of the command has found. */
export type Findings = {
  readonly polls: number
  /** Votes of all rounds, as the ledger has them. */
  readonly votes: number
  readonly pollsThatDiffer: number
}

export const nothingFound: Findings = { polls: 0, votes: 0, pollsThatDiffer: 0 }

export function addFinding(findings: Findings, { rounds }: RecountedPoll): Findings {
  return {
    polls: findings.polls + 1,
    votes: rounds.reduce((sum, { totalVotes }) => sum + totalVotes, findings.votes),
    pollsThatDiffer: findings.pollsThatDiffer + (rounds.every(isEqual) ? 0 : 1),
  }
}

export function isEqual(recount: Recount): boolean {
  return differencesIn(recount) === 0
}

/** Told of each poll that is worth showing, and of the whole in the end; says it through `print`. */
export type RecountReport = {
  readonly poll: (recounted: RecountedPoll) => void
  readonly verdict: (findings: Findings) => void
}

export function createTextReport(print: (text: string) => void): RecountReport {
  return {
    poll: (recounted) => print(`${describePoll(recounted)}\n`),
    verdict: (findings) => print(describeVerdict(findings)),
  }
}

/** One document in the end, with the names that the HTTP API has. */
export function createJsonReport(print: (text: string) => void): RecountReport {
  const shown: object[] = []
  return {
    poll: (recounted) => void shown.push(recountBody(recounted)),
    verdict: ({ polls, votes, pollsThatDiffer }) =>
      print(JSON.stringify({ polls, votes, polls_that_differ: pollsThatDiffer, recounts: shown })),
  }
}

function recountBody({ poll, rounds }: RecountedPoll): object {
  return {
    poll_id: poll.id,
    question: poll.question,
    status: poll.status,
    rounds: rounds.map(({ round, totalVotes, differences, unregisteredVotes, prunedVotes }) => ({
      round,
      total_votes: totalVotes,
      differences: differences.map(({ optionId, tally, ledger }) => ({ option_id: optionId, tally, ledger })),
      unregistered_votes: unregisteredVotes,
      pruned_votes: prunedVotes,
    })),
  }
}

/** One poll as a person reads it: a line per round, and below it what differs. */
function describePoll({ poll, rounds }: RecountedPoll): string {
  const votes = rounds.map(({ totalVotes, prunedVotes }) => formatVotes(prunedVotes ?? totalVotes))
  const votesWidth = Math.max(...votes.map((text) => text.length))
  const lines = rounds.flatMap((recount, index) => [
    `  round ${String(recount.round).padEnd(5)}${(votes[index] ?? '').padStart(votesWidth)}   ${judgement(recount)}`,
    ...describeDifferences(poll, recount.differences),
    ...describeUnregistered(recount),
  ])
  return [styleText('bold', poll.question), styleText('dim', `${poll.id}, ${poll.status}`), '', ...lines].join('\n')
}

function judgement(recount: Recount): string {
  if (recount.prunedVotes !== null) return styleText('dim', 'pruned: kept no longer, so not counted')
  return isEqual(recount) ? styleText('green', '✓') : styleText('red', '✗')
}

function describeDifferences(poll: Poll, differences: readonly Difference[]): readonly string[] {
  const rows = differences.map(({ optionId, tally, ledger }) => ({
    name: nameCount(poll, optionId),
    tally: formatNumber(tally),
    ledger: formatNumber(ledger),
  }))
  const width = (column: 'name' | 'tally'): number => Math.max(...rows.map((row) => row[column].length))
  return rows.map(({ name, tally, ledger }) =>
    styleText('red', `      ${name.padEnd(width('name'))}   tally ${tally.padEnd(width('tally'))}   ledger ${ledger}`),
  )
}

function describeUnregistered({ unregisteredVotes }: Recount): readonly string[] {
  if (unregisteredVotes === 0) return []
  return [styleText('red', `      votes that no code of this poll has led to   ${formatNumber(unregisteredVotes)}`)]
}

function nameCount({ options }: Poll, optionId: number | null): string {
  if (optionId === null) return 'number of votes'
  // The options of an earlier round may have been removed since.
  const text = options.find(({ id }) => id === optionId)?.text
  return text === undefined ? `option ${optionId}` : `option ${optionId}: ${text}`
}

function describeVerdict({ polls, votes, pollsThatDiffer }: Findings): string {
  const what = `${formatNumber(polls)} ${polls === 1 ? 'poll' : 'polls'}, ${formatVotes(votes)}`
  if (pollsThatDiffer === 0) {
    return styleText('green', `✓ Recount: tally and ledger agree on every option and every round (${what}).`)
  }
  const which = polls === 1 ? 'this poll' : `${formatNumber(pollsThatDiffer)} of ${formatNumber(polls)} polls`
  return styleText('red', `✗ Recount: figures differ in ${which} (${what}). Nothing was changed.`)
}
