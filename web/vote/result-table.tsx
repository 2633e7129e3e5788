import { formatNumber, formatPercent } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import type { CountedOption } from '../poll/count-options.ts'

/** What the bars show, to be read line by line. */
export function ResultTable({ options }: { readonly options: readonly CountedOption[] }) {
  return (
    <details class="result-table">
      <summary>{say('vote.as_table')}</summary>
      <table>
        <caption class="unseen">{say('vote.result')}</caption>
        <thead>
          <tr>
            <th scope="col">{say('vote.option')}</th>
            <th scope="col">{say('vote.votes_column')}</th>
            <th scope="col">{say('vote.share_column')}</th>
          </tr>
        </thead>
        <tbody>
          {options.map(({ id, text, votes, share }) => (
            <tr key={id}>
              <th scope="row" dir="auto">
                {text}
              </th>
              <td>{formatNumber(votes ?? 0)}</td>
              <td>{formatPercent(share ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
