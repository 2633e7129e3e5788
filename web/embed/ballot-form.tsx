import { useState } from 'preact/hooks'
import type { Poll } from '../../client/src/index.ts'
import { say } from '../i18n/say.ts'
import { describeChoice, problemOfChoice } from '../poll/choice.ts'
import type { CountedOption } from '../poll/count-options.ts'
import { typedCode } from '../poll/typed-code.ts'
import { Choices } from './choices.tsx'
import type { Ballot } from './use-ballot.ts'

type Props = {
  readonly ballot: Ballot
  readonly poll: Poll
  readonly options: readonly CountedOption[]
  readonly speak: () => string
}

/** The options to choose from. What is chosen here nobody else's vote changes. */
export function BallotForm({ ballot, poll, options, speak }: Props) {
  // It is also drawn by itself, when something is chosen.
  speak()
  const { own, isSending, isBound } = ballot
  const [touched, setTouched] = useState<readonly number[] | null>(null)
  const chosen = touched ?? own ?? []
  const [code, setCode] = useState('')
  const asksForCode = poll.voter_identity === 'code'
  const shown = asksForCode ? typedCode(code) : ''
  const send = (kind: 'vote' | 'change' | 'retract'): void => {
    const problem = kind === 'retract' ? null : problemOfChoice(poll, chosen.length)
    if (asksForCode && shown === '') ballot.warn(['embed.code_missing'])
    else if (problem !== null) ballot.warn(problem)
    else ballot.cast({ kind, optionIds: kind === 'retract' ? [] : chosen, code: shown })
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        send(own === null ? 'vote' : 'change')
      }}
    >
      {asksForCode && own === null && <CodeField code={code} onType={setCode} />}
      <fieldset disabled={isBound}>
        <legend part="legend">{describeChoice(poll)}</legend>
        <Choices
          options={options}
          own={own ?? []}
          choosing={{ kind: poll.max_choices === 1 ? 'radio' : 'checkbox', chosen, onChoose: setTouched }}
        />
      </fieldset>
      <div class="actions">
        <button type="submit" part="button" aria-disabled={isSending}>
          {say(own === null ? 'embed.vote' : 'embed.change')}
        </button>
        {own !== null && (
          <button
            type="button"
            class="quiet"
            part="button quiet-button"
            aria-disabled={isSending}
            onClick={() => send('retract')}
          >
            {say('embed.retract')}
          </button>
        )}
      </div>
    </form>
  )
}

function CodeField({ code, onType }: { readonly code: string; readonly onType: (code: string) => void }) {
  return (
    <p class="code">
      <label for="code">{say('embed.code')}</label>
      <input
        type="text"
        id="code"
        part="code"
        value={code}
        placeholder="XXXX-XXXX-XXXX-XXXX"
        maxLength={60}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        onInput={({ currentTarget }) => onType(currentTarget.value)}
      />
    </p>
  )
}
