import type { Trace, Untraceable } from '../application/trace-vote.ts'
import { entryOf, type Position } from '../domain/position.ts'

const untraceable: Readonly<Record<Untraceable, string>> = {
  no_such_vote:
    'This is no vote_id that this Tallycast has given: a letter of it is wrong, or it is of another database.',
  no_such_poll: 'The vote is for a poll that is not in this database.',
}

/** What the command says. */
export function describeTrace(found: Trace | Untraceable): string {
  if (typeof found === 'string') return untraceable[found]
  const { pollId, round, partition, position } = found
  return `poll ${pollId}, round ${round}; ${describePlace(position)} of partition ${partition}\n${describeFate(found)}`
}

function describeFate(trace: Trace): string {
  switch (trace.fate) {
    case 'recorded':
      return 'Recorded: it is in the ledger, and counts in its round.'
    case 'superseded':
      return `Superseded: a later vote of the same voter counts, ${describePlace(trace.by)}.`
    case 'set_aside': {
      const { reason, detail, setAsideAt, replayed } = trace.item
      const replay = replayed === null ? 'not replayed' : `replayed, ${replayed.outcome}`
      return `Set aside at ${new Date(setAsideAt).toISOString()}: ${detail === null ? reason : `${reason}, ${detail}`}; ${replay}.`
    }
    case 'waiting':
      return `Waiting: the ledger is at entry ${trace.checkpoint.recorded}, before it.`
    case 'pruned':
      return 'Pruned: the votes of its round are kept no longer, and nobody can say whether it counted.'
    case 'missing':
      return [
        `Missing: the ledger is at entry ${trace.checkpoint.recorded} of epoch ${trace.checkpoint.epoch}, behind it, and has not met it.`,
        trace.earlier === null
          ? 'Its log was lost before it was recorded, or its poll was reset or deleted since.'
          : `An earlier vote of the same voter counts, ${describePlace(trace.earlier)}: this one said the same, or its log was lost.`,
      ].join('\n')
  }
}

function describePlace(position: Position): string {
  return `entry ${entryOf(position)} in epoch ${Number.parseInt(position.slice(0, 8), 16)}`
}
