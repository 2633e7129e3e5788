import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Progress } from './ballot.ts'

/**
 * Moves the focus to what came of a press, unless it was refused and the button is still there. Whatever happens by itself leaves it alone, but where it
 * takes away what had the focus. To be called with each press.
 */
export function useFocusOnOutcome(
  notice: { readonly current: HTMLElement | null },
  progress: Progress | null,
): () => void {
  const hasPressed = useRef(false)
  // As long as this is drawn it is there; the server has none.
  const focused = 'document' in globalThis ? document.activeElement : null
  useLayoutEffect(() => {
    if (focused?.isConnected === false) notice.current?.focus({ preventScroll: true })
    if (!hasPressed.current || progress === null || progress.step === 'sending') return
    hasPressed.current = false
    const isLost = document.activeElement === document.body
    if (progress.step !== 'refused' || isLost) notice.current?.focus({ preventScroll: true })
  }, [progress])
  return () => {
    hasPressed.current = true
  }
}
