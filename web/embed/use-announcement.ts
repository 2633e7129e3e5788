import { useEffect, useRef, useState } from 'preact/hooks'
import { createSeldom } from '../follow/seldom.ts'
import { describeStanding } from './describe.ts'
import type { Standing } from './standing.ts'

/** Screen readers hear of new counts at most this often. */
const announceEveryMs = 10_000

/** What a polite region says of counts that have changed since the poll was first shown. */
export function useAnnouncement(standing: Standing | null): string {
  const [told, setTold] = useState<Standing | null>(null)
  const newest = useRef(standing)
  const seen = useRef<number | null>(null)
  const [seldom] = useState(() => createSeldom(() => setTold(newest.current), announceEveryMs))
  const total = standing?.totalVotes ?? null
  newest.current = standing
  useEffect(() => {
    const isFirst = seen.current === null
    seen.current = total
    if (!isFirst) seldom.soon()
  }, [total])
  useEffect(() => seldom.stop, [])
  return told === null ? '' : describeStanding(told)
}
