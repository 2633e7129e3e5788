import { useEffect, useState } from 'preact/hooks'
import type { TallyMessage, WatchStatus } from '../../client/src/index.ts'
import { formatNumber } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { countTotal, drawnWidth, drawPace, forgetTotal, formatPace, paceNow, passTime, startPace } from './pace.ts'
import { useNow } from '../follow/use-now.ts'

type Props = { readonly tally: TallyMessage; readonly connection: WatchStatus; readonly isOpen: boolean }

/** How many votes there are, and while people vote also how fast they come. */
export function PaceChart({ tally, connection, isOpen }: Props) {
  const now = useNow(isOpen)
  const [pace, setPace] = useState(() => startPace(now))
  useEffect(() => setPace((before) => countTotal(before, tally, Date.now())), [tally])
  useEffect(() => {
    if (connection !== 'live') setPace(forgetTotal)
  }, [connection])
  const passed = passTime(pace, now)
  const total = tally.total_votes ?? 0
  return (
    <>
      <p class="sum">
        <strong>{formatNumber(total)}</strong> {say('common.votes_alone', { count: total })}
      </p>
      {isOpen && (
        <figure class="pace">
          <svg viewBox={`0 -0.05 ${drawnWidth} 1.1`} preserveAspectRatio="none" aria-hidden="true">
            <polyline points={drawPace(passed)} />
          </svg>
          <figcaption>
            <strong>{formatPace(paceNow(passed))}</strong> {say('present.per_second')}
          </figcaption>
        </figure>
      )}
    </>
  )
}
