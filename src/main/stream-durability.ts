import type { Log } from '../runtime/log.ts'
import { measureStream } from '../runtime/metrics.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import { sleep } from '../runtime/stop-signal.ts'
import type { Adapters } from './adapters.ts'
import type { RoleContext } from './role.ts'

/** Some commands that take microseconds; a failover or a change of its settings is told this soon. */
const checkEveryMs = 5_000

/** Keeps what CONFIG SET has set; fails where Redis runs without a configuration file. */
const rewrite = 'CONFIG REWRITE'

type Look = Awaited<ReturnType<Adapters['lookAtDurability']>>
type Problems = Look['problems']

/** A stream that forgets votes which it has accepted would make every 202 a lie, so nothing starts on it. */
export async function refuseWeakStream(adapters: Adapters): Promise<void> {
  const { problems } = await adapters.lookAtDurability()
  if (problems.length === 0) return
  throw new SetupProblem(
    `Redis would not keep accepted votes as VOTE_DURABILITY says:\n${problems.map(({ problem }) => `  ${problem}`).join('\n')}`,
    describeMending(problems),
  )
}

/**
 * Redis may be given other settings while it runs, fail over to a weaker server, or have servers that were not there at the start. Metric
 * and log tell of it; votes go on being accepted, since whoever refused them all would do more harm. Runs until the signal aborts, never rejects.
 */
export async function watchStreamDurability({ adapters, log, registry, signal }: RoleContext): Promise<void> {
  const metrics = measureStream(registry)
  const tell = createTellLook(log)
  while (!signal.aborted) {
    try {
      const look = await adapters.lookAtDurability()
      metrics.durabilityProblems(countProblems(look))
      tell(look)
    } catch (err) {
      metrics.durabilityProblems(Number.NaN)
      // While Redis is away votes are refused anyway; the next check follows.
      log.debug({ err }, 'the durability of Redis could not be looked up')
    }
    await sleep(checkEveryMs, signal)
  }
}

function countProblems({ problems, warnings, unseen }: Look): number {
  const found = problems.length + warnings.length
  return found === 0 && unseen.length > 0 ? Number.NaN : found
}

/** Says what is new since the look before. */
function createTellLook(log: Log): (look: Look) => void {
  const tellProblems = onChange((problems, mend) => {
    if (problems === '') log.warn('Redis keeps votes as declared again')
    else log.error({ problems, mend }, 'Redis keeps votes less well than declared')
  })
  const tellWarnings = onChange((problems, mend) => {
    if (problems === '') log.info('no server that the cluster names falls short of VOTE_DURABILITY any more')
    else
      log.warn(
        { problems, mend },
        'servers of the cluster are not as VOTE_DURABILITY needs them; votes are kept as declared',
      )
  })
  const tellUnseen = onChange((servers) => {
    if (servers === '') log.info('every primary of the cluster answers again')
    else log.warn({ servers }, 'primaries of the cluster do not answer: how they keep votes is looked at once they do')
  })
  return ({ problems, warnings, unseen }) => {
    tellProblems(problems)
    // A replica that takes over falls short as a primary does.
    if (warnings.length > 0 || problems.length === 0) tellWarnings(warnings)
    tellUnseen(unseen.map((problem) => ({ problem, mend: [] })))
  }
}

function onChange(tell: (text: string, mend: string) => void): (problems: Problems) => void {
  let told = ''
  return (problems) => {
    const text = problems.map(({ problem }) => problem).join('; ')
    if (text !== told) tell(text, describeMending(problems))
    told = text
  }
}

function describeMending(problems: Problems): string {
  const mend = new Set(problems.flatMap((problem) => problem.mend).filter((line) => line !== rewrite))
  if (mend.size === 0) return 'see the lines above'
  const lines = [...mend].map((line) => `  redis-cli ${line}`).join('\n')
  return `run these lines (then CONFIG REWRITE, or put the same into redis.conf, so that they outlast a restart):\n${lines}`
}
