import { measureStream } from '../runtime/metrics.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import { sleep } from '../runtime/stop-signal.ts'
import type { Adapters } from './adapters.ts'
import type { RoleContext } from './role.ts'

/** Some commands that take microseconds; a failover or a change of its settings is told this soon. */
const checkEveryMs = 5_000

/** Keeps what CONFIG SET has set; fails where Redis runs without a configuration file. */
const rewrite = 'CONFIG REWRITE'

type Problems = Awaited<ReturnType<Adapters['durabilityProblems']>>

/** A stream that forgets votes which it has accepted would make every 202 a lie, so nothing starts on it. */
export async function refuseWeakStream(adapters: Adapters): Promise<void> {
  const problems = await adapters.durabilityProblems()
  if (problems.length === 0) return
  throw new SetupProblem(
    `Redis would not keep accepted votes as VOTE_DURABILITY says:\n${problems.map(({ problem }) => `  ${problem}`).join('\n')}`,
    describeMending(problems),
  )
}

/**
 * Redis may be given other settings while it runs, or fail over to a weaker server. Metric and log tell of it; votes go on
 * being accepted, since whoever refused them all would do more harm. Runs until the signal aborts, never rejects.
 */
export async function watchStreamDurability({ adapters, log, registry, signal }: RoleContext): Promise<void> {
  const metrics = measureStream(registry)
  let told = ''
  while (!signal.aborted) {
    await sleep(checkEveryMs, signal)
    if (signal.aborted) return
    try {
      const problems = await adapters.durabilityProblems()
      metrics.durabilityProblems(problems.length)
      const text = problems.map(({ problem }) => problem).join('; ')
      if (text !== told && text !== '') {
        log.error({ problems: text, mend: describeMending(problems) }, 'Redis keeps votes less well than declared')
      }
      if (text !== told && text === '') log.warn('Redis keeps votes as declared again')
      told = text
    } catch (err) {
      metrics.durabilityProblems(Number.NaN)
      // While Redis is away votes are refused anyway; the next check follows.
      log.debug({ err }, 'the durability of Redis could not be looked up')
    }
  }
}

function describeMending(problems: Problems): string {
  const mend = new Set(problems.flatMap((problem) => problem.mend).filter((line) => line !== rewrite))
  if (mend.size === 0) return 'see the lines above'
  const lines = [...mend].map((line) => `  redis-cli ${line}`).join('\n')
  return `run these lines (then CONFIG REWRITE, or put the same into redis.conf, so that they outlast a restart):\n${lines}`
}
