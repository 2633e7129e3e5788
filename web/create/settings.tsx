import type { TextKey } from '../i18n/messages.ts'
import { say } from '../i18n/say.ts'
import type { Draft } from './draft.ts'
import { writtenOptions } from './draft.ts'

type Props = { readonly draft: Draft; readonly onChange: (draft: Draft) => void }

export const visibilities = {
  always: 'create.results_always',
  after_vote: 'create.results_after_vote',
  after_close: 'create.results_after_close',
  never: 'create.results_never',
} as const satisfies Record<Draft['resultsVisibility'], TextKey>

export const identities = {
  session: 'create.identity_session',
  none: 'create.identity_none',
  code: 'create.identity_code',
  token: 'create.identity_token',
} as const satisfies Record<Draft['voterIdentity'], TextKey>

/** Everything that has a default. */
export function Settings({ draft, onChange }: Props) {
  const count = Math.max(2, writtenOptions(draft).length)
  return (
    <details class="settings">
      <summary>{say('create.settings')}</summary>
      <label class="check">
        <input
          type="checkbox"
          checked={draft.isMultiple}
          onChange={({ currentTarget: { checked: isMultiple } }) => onChange({ ...draft, isMultiple })}
        />
        <span>{say('create.multiple')}</span>
      </label>
      {draft.isMultiple && (
        <label class="field">
          <span>{say('create.max_choices')}</span>
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
        <span>{say('create.vote_change')}</span>
      </label>
      <Choice
        label={say('create.who_sees')}
        options={visibilities}
        value={draft.resultsVisibility}
        onChange={(resultsVisibility) => onChange({ ...draft, resultsVisibility })}
      />
      <Choice
        label={say('create.who_votes')}
        options={identities}
        value={draft.voterIdentity}
        onChange={(voterIdentity) => onChange({ ...draft, voterIdentity })}
      />
      <Time
        label={say('create.opens_at')}
        value={draft.opensAt}
        onChange={(opensAt) => onChange({ ...draft, opensAt })}
      />
      <Time
        label={say('create.closes_at')}
        value={draft.closesAt}
        onChange={(closesAt) => onChange({ ...draft, closesAt })}
      />
      <label class="field">
        <span>{say('create.description')}</span>
        <textarea
          rows={3}
          dir="auto"
          value={draft.description}
          onInput={({ currentTarget: { value: description } }) => onChange({ ...draft, description })}
        />
      </label>
    </details>
  )
}

type ChoiceProps<Value extends string> = {
  readonly label: string
  readonly options: Readonly<Record<Value, TextKey>>
  readonly value: Value
  readonly onChange: (value: Value) => void
}

export function Choice<Value extends string>({ label, options, value, onChange }: ChoiceProps<Value>) {
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
            {say(options[one])}
          </option>
        ))}
      </select>
    </label>
  )
}

type TimeProps = { readonly label: string; readonly value: string; readonly onChange: (value: string) => void }

export function Time({ label, value, onChange }: TimeProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input type="datetime-local" value={value} onInput={({ currentTarget }) => onChange(currentTarget.value)} />
    </label>
  )
}
