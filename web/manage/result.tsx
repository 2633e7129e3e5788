import type { Poll, TallyMessage } from '../../client/src/index.ts'
import { formatNumber, formatPercent } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'

type Props = {
  readonly poll: Poll
  /** Null where no counts shall be seen. */
  readonly counted: TallyMessage | null
  /** To whom the result is shown, where that is not everybody now; else null. */
  readonly hidden: Poll['results_visibility'] | null
  readonly isShown: boolean
  readonly onShow: (isShown: boolean) => void
}

/** The options in their order, with votes, shares and bars; what is hidden only once the organiser has asked for it. */
export function Result({ poll, counted, hidden, isShown, onShow }: Props) {
  const total = counted?.total_votes ?? 0
  const votes = new Map(counted?.options.map((option) => [option.id, option.votes ?? 0]))
  return (
    <section class="card result" aria-labelledby="result">
      <div class="beside">
        <h2 id="result">{say('manage.result')}</h2>
        {counted !== null && <p class="total">{say('manage.votes_in_all', { count: total })}</p>}
      </div>
      {hidden !== null && hidden !== 'always' && (
        <div class="beside">
          <p class="soft">
            {say(`manage.hidden_${hidden}`)} {isShown && say('manage.shown_to_you')}
          </p>
          <button type="button" class="quiet" onClick={() => onShow(!isShown)}>
            {isShown ? say('manage.hide_again') : say('manage.show_hidden')}
          </button>
        </div>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">{say('manage.option')}</th>
            {counted !== null && (
              <>
                <th scope="col">{say('manage.votes')}</th>
                <th scope="col">{say('manage.share')}</th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {poll.options.map(({ id, text }) => (
            <Row key={id} text={text} votes={counted === null ? null : (votes.get(id) ?? 0)} total={total} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Row({ text, votes, total }: { readonly text: string; readonly votes: number | null; readonly total: number }) {
  const share = total === 0 ? 0 : (votes ?? 0) / total
  return (
    <tr>
      <th scope="row">
        <span class="text" dir="auto">
          {text}
        </span>
        {votes !== null && (
          <span class="track">
            <span class="fill" style={{ '--share': share }} />
          </span>
        )}
      </th>
      {votes !== null && (
        <>
          <td>{formatNumber(votes)}</td>
          <td>
            <strong>{formatPercent(share)}</strong>
          </td>
        </>
      )}
    </tr>
  )
}
