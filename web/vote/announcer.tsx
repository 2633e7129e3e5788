import { useEffect, useRef, useState } from 'preact/hooks'
import type { TallyMessage } from '../../client/src/index.ts'
import { createSeldom } from '../follow/seldom.ts'
import { formatPercent } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { leadingRow, type Row } from './counts.ts'

/** Screen readers hear of the counts at most this often. */
const everyMs = 10_000

type Props = { readonly rows: readonly Row[]; readonly tally: Pick<TallyMessage, 'version' | 'total_votes'> }

/** Says aloud how the counts stand after they have changed, not before everything else was said and not again and again. */
export function Announcer({ rows, tally: { version, total_votes: total } }: Props) {
  const [said, setSaid] = useState('')
  const first = useRef(version)
  const newest = useRef('')
  newest.current = announcementOf(rows, total)
  const [seldom] = useState(() => createSeldom(() => setSaid(newest.current), everyMs))
  useEffect(() => {
    if (version !== first.current) seldom.soon()
  }, [version])
  useEffect(() => seldom.stop, [])
  return (
    <p id="announcer" class="unseen" aria-live="polite">
      {said}
    </p>
  )
}

function announcementOf(rows: readonly Row[], total: number | null): string {
  if (total === null) return ''
  const leading = leadingRow(rows)
  if (leading === null) return say('vote.votes', { count: total })
  const share = formatPercent(leading.share ?? 0)
  return say('vote.announcement', { count: total, option: leading.text, share })
}
