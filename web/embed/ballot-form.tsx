import { useState } from 'preact/hooks'
import type { Poll } from '../../client/src/index.ts'
import { type Message, say } from '../i18n/say.ts'
import { Choices } from './choices.tsx'
import { describeChoice } from './describe.ts'
import { judgeChoice, type OptionStanding } from './standing.ts'
import type { Ballot } from './use-ballot.ts'

type Props = {
  readonly ballot: Ballot
  readonly poll: Poll
  readonly options: readonly OptionStanding[]
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
  // What is typed may have spaces in it, or dashes of any kind, which no header carries and the service does not need.
  const shown = asksForCode ? code.replace(/[^0-9a-z]/gi, '') : ''
  const send = (kind: 'vote' | 'change' | 'retract'): void => {
    const warning = kind === 'retract' ? null : warningOf(poll, chosen.length)
    if (asksForCode && shown === '') ballot.warn(['embed.code_missing'])
    else if (warning !== null) ballot.warn(warning)
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

/** Why this choice cannot be sent; null where it can. */
function warningOf(poll: Poll, chosen: number): Message | null {
  switch (judgeChoice(poll, chosen)) {
    case 'good':
      return null
    case 'nothing':
      return ['embed.choose_first']
    case 'too_few':
      return ['embed.too_few', { count: poll.min_choices }]
    case 'too_many':
      return ['embed.too_many', { count: poll.max_choices }]
  }
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
