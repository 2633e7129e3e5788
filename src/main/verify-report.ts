import type { FinalResult } from '../../contract/messages.ts'
import type { LedgerDigest } from '../application/ledger-digest.ts'
import { formatNumber, formatVotes } from '../terminal/format-number.ts'
import { printable } from '../terminal/printable.ts'

/** What was signed, as a person reads it. */
export function describeResult({ question, options, total_votes: totalVotes, ...result }: FinalResult): string {
  const counts = options.map(({ votes }) => formatNumber(votes))
  const width = Math.max(0, ...counts.map((count) => count.length))
  const lines = options.map(({ text }, index) => `  ${(counts[index] ?? '').padStart(width)}  ${printable(text)}`)
  const facts = [
    formatVotes(totalVotes),
    `poll ${printable(result.poll_id)}`,
    `round ${result.round}`,
    `closed ${printable(result.closed_at ?? 'at a time that it does not say')}`,
  ]
  return [printable(question), '', ...lines, '', facts.join(', ')].join('\n')
}

/** How the votes of the ledger stand to those that were signed. */
export function describeLedger({ ledger, round }: FinalResult, found: LedgerDigest | null): string {
  if (found === null) return 'The ledger DIFFERS: it does not know this poll.'
  if (found.digest === ledger.digest)
    return `The ledger holds the same ${formatVotes(found.votes)}, each as it was signed.`
  const numbers =
    found.votes === ledger.votes
      ? `${formatVotes(found.votes)} as well, not all of them the same`
      : `${formatVotes(found.votes)} where ${formatNumber(ledger.votes)} were signed`
  return `The ledger DIFFERS: it holds ${numbers} (round ${round}).`
}
