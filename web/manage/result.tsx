import type { Poll, TallyMessage } from '../../client/src/index.ts'
import { formatNumber, formatPercent } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { type CountedOption, countOptions } from '../poll/count-options.ts'
import type { whyHidden } from '../poll/status.ts'

type Props = {
  readonly poll: Poll
  /** Null where no counts shall be seen. */
  readonly counted: TallyMessage | null
  /** To whom the result is shown, where that is not everybody now; else null. */
  readonly hidden: ReturnType<typeof whyHidden>
  readonly isShown: boolean
  readonly onShow: (isShown: boolean) => void
}

/** The options in their order, with votes, shares and bars; what is hidden only once the organiser has asked for it. */
export function Result({ poll, counted, hidden, isShown, onShow }: Props) {
  return (
    <section class="card result" aria-labelledby="result">
      <div class="beside">
        <h2 id="result">{say('manage.result')}</h2>
        {counted !== null && <p class="total">{say('common.votes', { count: counted.total_votes ?? 0 })}</p>}
      </div>
      {hidden !== null && (
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
          {countOptions(poll.options, counted).map((option) => (
            <Row key={option.id} option={option} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Row({ option: { text, votes, share } }: { readonly option: CountedOption }) {
  return (
    <tr>
      <th scope="row">
        <span class="text" dir="auto">
          {text}
        </span>
        {share !== null && (
          <span class="track">
            <span class="fill" style={{ '--share': share }} />
          </span>
        )}
      </th>
      {votes !== null && share !== null && (
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
