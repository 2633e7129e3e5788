import type { TextKey } from '../i18n/messages.ts'
import { say } from '../i18n/say.ts'
import type { Draft } from './draft.ts'

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

type CheckProps = {
  readonly label: string
  readonly isChecked: boolean
  readonly onChange: (isChecked: boolean) => void
}

export function Check({ label, isChecked, onChange }: CheckProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={isChecked} onChange={({ currentTarget: { checked } }) => onChange(checked)} />
      <span>{label}</span>
    </label>
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
