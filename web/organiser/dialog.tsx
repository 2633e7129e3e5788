import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

type Props = {
  readonly title: string
  readonly kind: 'large-code' | 'words'
  readonly onLeave: () => void
  readonly children: ComponentChildren
}

/** In front of everything else, until it is left: Escape, or whatever its contents offer. The focus goes back to where it was. */
export function Dialog({ title, kind, onLeave, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  // Before the next key is pressed, which is meant for it.
  useLayoutEffect(() => {
    const shown = dialog.current
    const listening = new AbortController()
    shown?.showModal()
    shown?.addEventListener('close', onLeave, { signal: listening.signal })
    return () => {
      // What it says when it is closed from here would come late, and be taken for the next one's.
      listening.abort()
      shown?.close()
    }
  }, [])
  return (
    <dialog ref={dialog} class={kind} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </dialog>
  )
}

type ConfirmProps = {
  readonly title: string
  readonly yes: string
  readonly no: string
  readonly onYes: () => void
  readonly onLeave: () => void
  readonly children: ComponentChildren
}

/** Asks before something that many would see. Enter says yes, Escape no. */
export function Confirm({ title, yes, no, onYes, onLeave, children }: ConfirmProps) {
  function confirm(): void {
    onLeave()
    onYes()
  }
  return (
    <Dialog title={title} kind="words" onLeave={onLeave}>
      <p>{children}</p>
      <div class="answers">
        <button type="button" onClick={confirm}>
          {yes} <kbd>Enter</kbd>
        </button>
        <button type="button" class="quiet" onClick={onLeave}>
          {no} <kbd>Esc</kbd>
        </button>
      </div>
    </Dialog>
  )
}
