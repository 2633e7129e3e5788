import { say } from '../i18n/say.ts'
import { type Draft, writtenOptions } from '../organiser/draft.ts'
import { Check, Choice, identities, Time, visibilities } from '../organiser/fields.tsx'

type Props = { readonly draft: Draft; readonly onChange: (draft: Draft) => void }

/** Everything that has a default. */
export function Settings({ draft, onChange }: Props) {
  const count = Math.max(2, writtenOptions(draft).length)
  return (
    <details class="settings">
      <summary>{say('create.settings')}</summary>
      <Check
        label={say('create.multiple')}
        isChecked={draft.isMultiple}
        onChange={(isMultiple) => onChange({ ...draft, isMultiple })}
      />
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
      <Check
        label={say('create.vote_change')}
        isChecked={draft.allowVoteChange}
        onChange={(allowVoteChange) => onChange({ ...draft, allowVoteChange })}
      />
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
