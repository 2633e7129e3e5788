import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { say } from '../i18n/say.ts'
import { Dialog } from '../organiser/dialog.tsx'

type Props = {
  readonly title: string
  readonly yes: string
  readonly no: string
  /** To be typed first, where there is no way back. */
  readonly word?: string
  readonly onYes: () => void
  readonly onLeave: () => void
  readonly children: ComponentChildren
}

/** Asks before something that cannot be undone. The focus is on what does no harm. */
export function Ask({ title, yes, no, word, onYes, onLeave, children }: Props) {
  const [typed, setTyped] = useState('')
  const mayGoOn = word === undefined || typed.trim().toLocaleLowerCase() === word.toLocaleLowerCase()

  function confirm(event: Event): void {
    event.preventDefault()
    if (!mayGoOn) return
    onLeave()
    onYes()
  }

  return (
    <Dialog title={title} kind="words" onLeave={onLeave}>
      <form onSubmit={confirm}>
        <p>{children}</p>
        {word !== undefined && (
          <label class="field">
            <span>{say('manage.type_word', { word })}</span>
            <input
              type="text"
              autocomplete="off"
              autocapitalize="off"
              autofocus
              value={typed}
              onInput={({ currentTarget: { value } }) => setTyped(value)}
            />
          </label>
        )}
        <div class="answers">
          <button type="button" class="quiet" autofocus={word === undefined} onClick={onLeave}>
            {no}
          </button>
          <button type="submit" class="grave" aria-disabled={!mayGoOn}>
            {yes}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
