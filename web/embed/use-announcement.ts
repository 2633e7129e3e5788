import { useEffect, useRef, useState } from 'preact/hooks'
import { describeStanding } from './describe.ts'
import type { Standing } from './standing.ts'

/** Screen readers hear of new counts at most this often. */
const announceEveryMs = 10_000

/** What a polite region says of counts that have changed since the poll was first shown. */
export function useAnnouncement(standing: Standing | null): string {
  const [told, setTold] = useState<Standing | null>(null)
  const newest = useRef(standing)
  const seen = useRef<number | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const total = standing?.totalVotes ?? null
  newest.current = standing
  useEffect(() => {
    const isFirst = seen.current === null
    seen.current = total
    if (isFirst || timer.current !== undefined) return
    timer.current = setTimeout(() => {
      timer.current = undefined
      setTold(newest.current)
    }, announceEveryMs)
  }, [total])
  useEffect(() => () => clearTimeout(timer.current), [])
  return told === null ? '' : describeStanding(told)
}
