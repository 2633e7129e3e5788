import { useEffect, useRef, useState } from 'preact/hooks'
import { createSeldom } from './seldom.ts'

/** Screen readers hear of the counts at most this often. */
const everyMs = 10_000

type Props = {
  /** Another one with every change. */
  readonly version: number | null
  /** How the counts stand. */
  readonly text: string
}

/** Says aloud how the counts stand after they have changed, not before everything else was said and not again and again. */
export function Announcer({ version, text }: Props) {
  const [said, setSaid] = useState('')
  const first = useRef(version)
  const newest = useRef(text)
  newest.current = text
  const [seldom] = useState(() => createSeldom(() => setSaid(newest.current), everyMs))
  useEffect(() => {
    if (version !== first.current) seldom.soon()
  }, [version])
  useEffect(() => seldom.stop, [])
  return (
    <p class="unseen" aria-live="polite">
      {said}
    </p>
  )
}
