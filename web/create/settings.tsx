import type { Draft } from './draft.ts'
import { writtenOptions } from './draft.ts'

type Props = { readonly draft: Draft; readonly onChange: (draft: Draft) => void }

const visibilities = {
  always: 'Everybody, at once',
  after_vote: 'Whoever has voted',
  after_close: 'Everybody, when it has closed',
  never: 'Only me',
} as const satisfies Record<Draft['resultsVisibility'], string>

const identities = {
  session: 'Each browser once',
  none: 'Anybody, as often as they like',
  code: 'Whoever has a voting code',
  token: 'Users of my own application',
} as const satisfies Record<Draft['voterIdentity'], string>

/** Everything that has a default. */
export function Settings({ draft, onChange }: Props) {
  const count = Math.max(2, writtenOptions(draft).length)
  return (
    <details class="settings">
      <summary>More settings</summary>
      <label class="check">
        <input
          type="checkbox"
          checked={draft.isMultiple}
          onChange={({ currentTarget: { checked: isMultiple } }) => onChange({ ...draft, isMultiple })}
        />
        <span>More than one option may be chosen</span>
      </label>
      {draft.isMultiple && (
        <label class="field">
          <span>At most</span>
          <input
            type="number"
            min={2}
            max={count}
            value={draft.maxChoices ?? count}
            onInput={({ currentTarget: { valueAsNumber } }) =>
              onChange({ ...draft, maxChoices: Number.isInteger(valueAsNumber) ? valueAsNumber : null })
            }
          />
        </label>
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={draft.allowVoteChange}
          onChange={({ currentTarget: { checked: allowVoteChange } }) => onChange({ ...draft, allowVoteChange })}
        />
        <span>Votes may be changed and taken back</span>
      </label>
      <Choice
        label="Who sees the result"
        options={visibilities}
        value={draft.resultsVisibility}
        onChange={(resultsVisibility) => onChange({ ...draft, resultsVisibility })}
      />
      <Choice
        label="Who may vote"
        options={identities}
        value={draft.voterIdentity}
        onChange={(voterIdentity) => onChange({ ...draft, voterIdentity })}
      />
      <Time label="Opens by itself" value={draft.opensAt} onChange={(opensAt) => onChange({ ...draft, opensAt })} />
      <Time label="Closes by itself" value={draft.closesAt} onChange={(closesAt) => onChange({ ...draft, closesAt })} />
      <label class="field">
        <span>Description</span>
        <textarea
          rows={3}
          value={draft.description}
          onInput={({ currentTarget: { value: description } }) => onChange({ ...draft, description })}
        />
      </label>
    </details>
  )
}

type ChoiceProps<Value extends string> = {
  readonly label: string
  readonly options: Readonly<Record<Value, string>>
  readonly value: Value
  readonly onChange: (value: Value) => void
}

function Choice<Value extends string>({ label, options, value, onChange }: ChoiceProps<Value>) {
  // The keys are those that its type names.
  const values = Object.keys(options) as Value[]
  return (
    <label class="field">
      <span>{label}</span>
      <select
        value={value}
        onChange={({ currentTarget }) => onChange(values.find((one) => one === currentTarget.value) ?? value)}
      >
        {values.map((one) => (
          <option key={one} value={one}>
            {options[one]}
          </option>
        ))}
      </select>
    </label>
  )
}

type TimeProps = { readonly label: string; readonly value: string; readonly onChange: (value: string) => void }

function Time({ label, value, onChange }: TimeProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input type="datetime-local" value={value} onInput={({ currentTarget }) => onChange(currentTarget.value)} />
    </label>
  )
}
