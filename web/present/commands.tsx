import { useLayoutEffect } from 'preact/hooks'
import { LanguageSwitch } from '../i18n/language-switch.tsx'
import { say } from '../i18n/say.ts'
import { Dialog } from '../organiser/dialog.tsx'

/** Something that can be done here, with a key or with a button. */
export type Command = {
  readonly key: string
  readonly name: string
  readonly does: string
  readonly isThere: boolean
  readonly run: () => void
}

/** Runs the command whose key is pressed. A key that is held down is pressed once. */
export function useKeys(commands: readonly Command[]): void {
  // At once, so that no key is lost between what was on the screen and what is.
  useLayoutEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isForField(event)) return
      const command = commands.find(({ key, isThere }) => isThere && key === keyOf(event))
      if (command === undefined) return
      event.preventDefault()
      command.run()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })
}

/** Whoever chooses in a list by its first letter, or types, asks for nothing of the poll. */
function isForField({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.closest('select, input, textarea') !== null
}

/** A keyboard of another script has no Latin letters: there the place of the key says which it is. */
function keyOf({ key, code }: KeyboardEvent): string {
  if (key === '؟') return '?'
  return /^[ -~]+$/.test(key) ? key.toLowerCase() : code.replace('Key', '').toLowerCase()
}

export function Buttons({ commands }: { readonly commands: readonly Command[] }) {
  return commands
    .filter(({ isThere }) => isThere)
    .map(({ key, name, does, run }) => (
      <button key={key} type="button" class="quiet" aria-keyshortcuts={key} title={`${does} (${key})`} onClick={run}>
        {name}
      </button>
    ))
}

type HelpProps = { readonly commands: readonly Command[]; readonly isOrganiser: boolean; readonly onLeave: () => void }

export function Help({ commands, isOrganiser, onLeave }: HelpProps) {
  return (
    <Dialog title={say('present.keys')} kind="words" onLeave={onLeave}>
      <dl>
        {commands
          .filter(({ isThere }) => isThere)
          .map(({ key, does }) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
      </dl>
      {!isOrganiser && <p>{say('present.organiser_hint')}</p>}
      <div class="answers">
        <button type="button" class="quiet" onClick={onLeave}>
          {say('present.back')} <kbd>Esc</kbd>
        </button>
        <LanguageSwitch />
      </div>
    </Dialog>
  )
}

export function fillScreen(): void {
  const change =
    document.fullscreenElement === null ? document.documentElement.requestFullscreen() : document.exitFullscreen()
  // A browser may refuse; then the page stays as it is.
  change.catch(() => {})
}
