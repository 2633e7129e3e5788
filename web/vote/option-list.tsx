import type { Poll } from '../../client/src/index.ts'
import { formatNumber, formatPercent } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import type { Row } from './counts.ts'

type Props = {
  readonly poll: Pick<Poll, 'min_choices' | 'max_choices'>
  readonly rows: readonly Row[]
  /** Null where there is nothing to choose. */
  readonly chosen: readonly number[] | null
  /** A vote is on its way: what was chosen stays. */
  readonly isLocked: boolean
  readonly onChoose: (optionId: number) => void
}

/** The options, to choose from or to look at. A row stays the same element in both, so that its bar goes on from where it is. */
export function OptionList({ poll, rows, chosen, isLocked, onChoose }: Props) {
  const kind = poll.max_choices === 1 ? 'radio' : 'checkbox'
  return (
    <fieldset aria-labelledby="question choice">
      <legend id="choice">{chosen === null ? say(legendOf(rows)) : describeChoice(poll)}</legend>
      <ol class={chosen === null ? 'options' : 'options choosing'}>
        {rows.map((row) => (
          <li
            key={row.id}
            class={`option${row.hasWon ? ' winner' : ''}${row.isMine ? ' mine' : ''}`}
            data-option={row.id}
          >
            {chosen === null ? (
              <span class="text" dir="auto">
                {row.text}
              </span>
            ) : (
              <>
                <input
                  type={kind}
                  id={`option-${row.id}`}
                  name="option"
                  value={row.id}
                  checked={chosen.includes(row.id)}
                  aria-describedby={row.votes === null ? undefined : `numbers-${row.id}`}
                  onClick={(event) => isLocked && event.preventDefault()}
                  onChange={() => onChoose(row.id)}
                />
                <label for={`option-${row.id}`} dir="auto">
                  {row.text}
                </label>
              </>
            )}
            {row.isMine && <span class="mark">{say('vote.my_choice')}</span>}
            <Numbers row={row} />
            {row.share !== null && <Bar share={row.share} />}
          </li>
        ))}
      </ol>
    </fieldset>
  )
}

function legendOf(rows: readonly Row[]): 'vote.result' | 'vote.options' {
  return rows.some(({ votes }) => votes !== null) ? 'vote.result' : 'vote.options'
}

function describeChoice({ min_choices: least, max_choices: most }: Props['poll']): string {
  if (most === 1) return say('vote.choose_one')
  if (least === most) return say('vote.choose_exactly', { count: most })
  return least === 1 ? say('vote.choose_up_to', { count: most }) : say('vote.choose_between', { least, count: most })
}

function Numbers({ row: { id, votes, share } }: { readonly row: Row }) {
  if (votes === null || share === null) return null
  return (
    <span class="numbers" id={`numbers-${id}`}>
      <span class="share">{formatPercent(share)}</span>{' '}
      <span class="votes">
        {formatNumber(votes)}
        <span class="unseen"> {say('common.votes_alone', { count: votes })}</span>
      </span>
    </span>
  )
}

/**
 * A drawing, whose length may stand in an attribute: the page allows no styles in it, and has to show the result without a script too. Changed it
 * moves as any transform does, and nothing else has to be laid out anew.
 */
function Bar({ share }: { readonly share: number }) {
  return (
    <svg class="bar" aria-hidden="true">
      <rect width="100%" height="100%" transform={`scale(${share.toFixed(4)} 1)`} />
    </svg>
  )
}
