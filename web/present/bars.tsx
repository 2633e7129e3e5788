import { formatNumber, formatPercent } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import type { Arrangement, Bar } from './arrange.ts'

/** The options at their places. What moves is moved by transforms alone, so that no count makes the page be laid out anew. */
export function Bars({ arrangement: { bars, columns, rows, size } }: { readonly arrangement: Arrangement }) {
  const digits = Math.max(...bars.map(({ votes }) => formatNumber(votes ?? 0).length))
  return (
    <ol
      class={`bars ${size}`}
      style={{ '--columns': columns, '--rows': rows, '--count': bars.length, '--digits': digits }}
    >
      {bars.map((bar) => (
        <li
          key={bar.id}
          class={`choice${bar.isLeading ? ' leading' : ''}${bar.hasWon ? ' won' : ''}`}
          style={{ '--column': Math.floor(bar.place / rows), '--row': bar.place % rows, '--place': bar.place }}
        >
          {bar.share !== null && <div class="fill" style={{ '--length': bar.length }} />}
          <p class="label" dir="auto">
            {bar.text}
          </p>
          <Figures bar={bar} />
        </li>
      ))}
    </ol>
  )
}

function Figures({ bar: { share, votes } }: { readonly bar: Bar }) {
  if (share === null || votes === null) return null
  return (
    <p class="figures">
      <strong class="share">{formatPercent(share)}</strong>
      <span class="votes">
        {formatNumber(votes)}
        <span class="unseen"> {say('common.votes_alone', { count: votes })}</span>
      </span>
    </p>
  )
}
