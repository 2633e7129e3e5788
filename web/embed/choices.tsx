import { formatNumber, formatPercent } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import type { CountedOption } from '../poll/count-options.ts'

type Props = {
  readonly options: readonly CountedOption[]
  /** The options of the voter's own vote. */
  readonly own: readonly number[]
  /** Where somebody may choose: of one option, or of several. */
  readonly choosing?: {
    readonly kind: 'radio' | 'checkbox'
    readonly chosen: readonly number[]
    readonly onChoose: (chosen: readonly number[]) => void
  }
}

/** The options with their bars, in the order of the poll. Others' votes move bars and numbers, and nothing else. */
export function Choices({ options, own, choosing }: Props) {
  return (
    <ul class="options" part="options" role="list">
      {options.map((option) => {
        const isMine = own.includes(option.id)
        const marks = `${isMine ? ' mine' : ''}${option.hasWon ? ' winner' : ''}`
        return (
          <li key={option.id} class={`option${marks}`} part={`option${marks}`}>
            {option.share !== null && <div class="bar" part="bar" style={{ '--share': option.share }} />}
            {choosing === undefined ? (
              <span class="label" part="label" dir="auto">
                {option.text}
              </span>
            ) : (
              <Choice option={option} choosing={choosing} />
            )}
            <Marks isMine={isMine} hasWon={option.hasWon} />
            <Figures option={option} />
          </li>
        )
      })}
    </ul>
  )
}

function Choice({
  option: { id, text, share },
  choosing: { kind, chosen, onChoose },
}: {
  readonly option: CountedOption
  readonly choosing: NonNullable<Props['choosing']>
}) {
  const choose = (isChosen: boolean): void => {
    const others = kind === 'radio' ? [] : chosen.filter((one) => one !== id)
    onChoose(isChosen ? [...others, id] : others)
  }
  return (
    <>
      <input
        type={kind}
        id={`option-${id}`}
        name="option"
        value={id}
        checked={chosen.includes(id)}
        onChange={({ currentTarget }) => choose(currentTarget.checked)}
        {...(share !== null && { 'aria-describedby': `figures-${id}` })}
      />
      <label for={`option-${id}`} class="label" part="label" dir="auto">
        {text}
      </label>
    </>
  )
}

/** What colour alone would say. */
function Marks({ isMine, hasWon }: { readonly isMine: boolean; readonly hasWon: boolean }) {
  return (
    <>
      {isMine && (
        <span class="mark" part="mark">
          <span aria-hidden="true">✓</span>
          <span class="unseen">{say('embed.my_choice')}</span>
        </span>
      )}
      {hasWon && <span class="unseen">{say('embed.winner')}</span>}
    </>
  )
}

function Figures({ option: { id, share, votes } }: { readonly option: CountedOption }) {
  if (share === null || votes === null) return null
  return (
    <span class="figures" id={`figures-${id}`}>
      <span class="share" part="share">
        {formatPercent(share)}
      </span>
      <span class="votes" part="votes">
        <span aria-hidden="true">{formatNumber(votes)}</span>
        <span class="unseen">{say('common.votes', { count: votes })}</span>
      </span>
    </span>
  )
}
