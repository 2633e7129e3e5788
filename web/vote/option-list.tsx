import type { Poll } from '../../client/src/index.ts'
import { formatNumber, formatPercent } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { describeChoice } from '../poll/choice.ts'
import type { CountedOption } from '../poll/count-options.ts'

type Props = {
  readonly poll: Pick<Poll, 'min_choices' | 'max_choices'>
  readonly options: readonly CountedOption[]
  /** The options of the reader's own vote. */
  readonly own: readonly number[]
  /** Null where there is nothing to choose. */
  readonly chosen: readonly number[] | null
  /** A vote is on its way: what was chosen stays. */
  readonly isLocked: boolean
  readonly onChoose: (optionId: number) => void
}

/** The options, to choose from or to look at. A row stays the same element in both, so that its bar goes on from where it is. */
export function OptionList({ poll, options, own, chosen, isLocked, onChoose }: Props) {
  const kind = poll.max_choices === 1 ? 'radio' : 'checkbox'
  return (
    <fieldset class="ballot" aria-labelledby="question choice">
      <legend id="choice">{chosen === null ? say(legendOf(options)) : describeChoice(poll)}</legend>
      <ol class={chosen === null ? 'options' : 'options choosing'}>
        {options.map((option) => {
          const isMine = own.includes(option.id)
          return (
            <li
              key={option.id}
              class={`option${option.hasWon ? ' winner' : ''}${isMine ? ' mine' : ''}`}
              data-option={option.id}
            >
              {chosen === null ? (
                <span class="text" dir="auto">
                  {option.text}
                </span>
              ) : (
                <>
                  <input
                    type={kind}
                    id={`option-${option.id}`}
                    name="option"
                    value={option.id}
                    checked={chosen.includes(option.id)}
                    aria-describedby={option.votes === null ? undefined : `numbers-${option.id}`}
                    onClick={(event) => isLocked && event.preventDefault()}
                    onChange={() => onChoose(option.id)}
                  />
                  <label for={`option-${option.id}`} dir="auto">
                    {option.text}
                  </label>
                </>
              )}
              {isMine && <span class="mark">{say('vote.my_choice')}</span>}
              <Numbers option={option} />
              {option.share !== null && <Bar share={option.share} />}
            </li>
          )
        })}
      </ol>
    </fieldset>
  )
}

function legendOf(options: readonly CountedOption[]): 'vote.result' | 'vote.options' {
  return options.some(({ votes }) => votes !== null) ? 'vote.result' : 'vote.options'
}

function Numbers({ option: { id, votes, share } }: { readonly option: CountedOption }) {
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
