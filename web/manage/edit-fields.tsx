import type { TextKey } from '../i18n/messages.ts'
import { say } from '../i18n/say.ts'
import { draftLimits, writeOption, writtenOptions } from '../organiser/draft.ts'
import { Check, Choice, identities, Time, visibilities } from '../organiser/fields.tsx'
import { OptionRows } from '../organiser/option-rows.tsx'
import type { EditDraft } from './edit.ts'

type Props = { readonly draft: EditDraft; readonly onChange: (changed: Partial<EditDraft>) => void }

/** Question, description and options: before it opens these come and go, afterwards their texts may be corrected. */
export function TextFields({ draft, onChange, hasFreeOptions }: Props & { readonly hasFreeOptions: boolean }) {
  return (
    <>
      <label class="field">
        <span>{say('create.question')}</span>
        <textarea
          rows={2}
          dir="auto"
          maxLength={draftLimits.questionMax}
          value={draft.question}
          onInput={({ currentTarget: { value: question } }) => onChange({ question })}
        />
      </label>
      <label class="field">
        <span>{say('create.description')}</span>
        <textarea
          rows={2}
          dir="auto"
          value={draft.description}
          onInput={({ currentTarget: { value: description } }) => onChange({ description })}
        />
      </label>
      {hasFreeOptions ? (
        <OptionRows draft={draft} onChange={onChange} />
      ) : (
        <OptionTexts draft={draft} onChange={onChange} />
      )}
    </>
  )
}

function OptionTexts({ draft, onChange }: Props) {
  return (
    <fieldset class="rows">
      <legend>{say('create.options')}</legend>
      <ol>
        {draft.options.map(({ key, text }, place) => (
          <li key={key} class="row">
            <input
              type="text"
              dir="auto"
              autocomplete="off"
              aria-label={say('create.option', { place: place + 1 })}
              maxLength={draftLimits.optionTextMax}
              value={text}
              onInput={({ currentTarget: { value } }) => onChange(writeOption(draft, key, value))}
            />
          </li>
        ))}
      </ol>
    </fieldset>
  )
}

/** When it opens and closes by itself; once it is open only the latter. */
export function TimeFields({ draft, onChange, hasOpening }: Props & { readonly hasOpening: boolean }) {
  return (
    <div class="times">
      {hasOpening && (
        <Time label={say('create.opens_at')} value={draft.opensAt} onChange={(opensAt) => onChange({ opensAt })} />
      )}
      <Time label={say('create.closes_at')} value={draft.closesAt} onChange={(closesAt) => onChange({ closesAt })} />
      <p class="hint">{say('manage.times_hint')}</p>
    </div>
  )
}

export function VisibilityField({ draft, onChange }: Props) {
  return (
    <Choice
      label={say('create.who_sees')}
      options={visibilities}
      value={draft.resultsVisibility}
      onChange={(resultsVisibility) => onChange({ resultsVisibility })}
    />
  )
}

const singleVotes = {
  secret: 'manage.voters_secret',
  organizer: 'manage.voters_organizer',
  public: 'manage.voters_public',
} as const satisfies Record<EditDraft['voterVisibility'], TextKey>

/** By which rules people vote: frozen from the opening on. */
export function RuleFields({ draft, onChange }: Props) {
  const count = Math.max(draftLimits.optionsMin, writtenOptions(draft).length)
  return (
    <>
      <Choice
        label={say('create.who_votes')}
        options={identities}
        value={draft.voterIdentity}
        onChange={(voterIdentity) => onChange({ voterIdentity })}
      />
      <Choice
        label={say('manage.single_votes')}
        options={singleVotes}
        value={draft.voterVisibility}
        onChange={(voterVisibility) => onChange({ voterVisibility })}
      />
      <Check
        label={say('create.multiple')}
        isChecked={draft.isMultiple}
        onChange={(isMultiple) => onChange({ isMultiple, minChoices: 1, maxChoices: null })}
      />
      {draft.isMultiple && (
        <div class="times">
          <Limit
            label={say('manage.min_choices')}
            most={count}
            value={draft.minChoices}
            onChange={(minChoices) => onChange({ minChoices })}
          />
          <Limit
            label={say('create.max_choices')}
            most={count}
            value={draft.maxChoices ?? count}
            onChange={(maxChoices) => onChange({ maxChoices })}
          />
        </div>
      )}
      <Check
        label={say('create.vote_change')}
        isChecked={draft.allowVoteChange}
        onChange={(allowVoteChange) => onChange({ allowVoteChange })}
      />
    </>
  )
}

type LimitProps = {
  readonly label: string
  readonly most: number
  readonly value: number
  readonly onChange: (limit: number) => void
}

function Limit({ label, most, value, onChange }: LimitProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        min={1}
        max={most}
        value={value}
        onInput={({ currentTarget: { valueAsNumber } }) => Number.isInteger(valueAsNumber) && onChange(valueAsNumber)}
      />
    </label>
  )
}
