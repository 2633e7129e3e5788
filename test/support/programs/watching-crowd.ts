// Thousands of viewers in a process of their own, who come back when their connection ends, to whichever api they find.
import type { CrowdSeen } from '../watching-crowd.ts'
import { connectLeanViewer } from '../lean-viewer.ts'

const { URLS = '', POLL_ID = '', VIEWERS = '0' } = process.env
const urls = URLS.split(',')
const count = Number(VIEWERS)

/** As reconnecting viewers, when the server asked for nothing. */
const comeBackMs = 500
const reportEveryMs = 100
/** So that not all begin in the same moment. */
const beginPerMs = 2

/** The newest version that each viewer has seen on its present connection; null without a state. */
const seen: (number | null)[] = Array.from({ length: count }, () => null)
let drops = 0
let timesBack = 0

const view = (number: number, tries: number, newestBefore: number): void => {
  let newest = newestBefore
  connectLeanViewer(urls[(number + tries) % urls.length] ?? '', POLL_ID, {
    onState(version) {
      if (version < newest) timesBack += 1
      newest = version
      seen[number] = version
    },
    onEnd(retryMs) {
      if (seen[number] !== null) drops += 1
      seen[number] = null
      setTimeout(view, retryMs ?? comeBackMs * (1 + Math.random()), number, tries + 1, newest)
    },
  })
}

const report = (): void => {
  const versions = seen.filter((version) => version !== null)
  const oldest = versions.reduce((least, version) => Math.min(least, version), Infinity)
  const said: CrowdSeen = {
    watching: versions.length,
    oldest: Number.isFinite(oldest) ? oldest : null,
    drops,
    timesBack,
  }
  process.stdout.write(`${JSON.stringify(said)}\n`)
}

for (let number = 0; number < count; number += 1) setTimeout(view, number / beginPerMs, number, 0, 0)
setInterval(report, reportEveryMs)
process.once('SIGTERM', () => process.exit())
