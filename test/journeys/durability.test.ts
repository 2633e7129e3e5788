import { expect, test } from 'vitest'
import { organisePoll } from '../support/organiser.ts'
import { sumMetric } from '../support/sum-metric.ts'
import { useSystem } from '../support/system.ts'
import { createVoter } from '../support/voter.ts'
import { attemptVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

const system = useSystem({ redis: 'own', env: { LOG_LEVEL: 'info' } })

const noticedWithinMs = 15_000

const problems = async (): Promise<number> => sumMetric(system().apis, 'tallycast_stream_durability_problems')

const isLogged = async (line: RegExp): Promise<void> =>
  waitUntil(() => line.test(system().apis[0]?.output() ?? ''), { what: `the log says ${line}` })

const isAccepted = async (pollId: string): Promise<boolean> => {
  const voter = createVoter(system().apiUrl(0), 'token')
  const { outcome } = await attemptVote(voter, pollId, [1])
  voter.close()
  return outcome.result === 'accepted'
}

test('a weaker server in the place of the one before is told, and votes go on', async () => {
  const poll = await organisePoll(system().apiUrl(0))
  expect(await isAccepted(poll.id)).toBe(true)
  await system().redis?.restart(['--appendonly', 'no'])
  await waitUntil(async () => (await problems()) === 1, { withinMs: noticedWithinMs, what: 'the metric tells of it' })
  await isLogged(/"level":50.*appendonly is no.*keeps votes less well/)
  await waitUntil(async () => isAccepted(poll.id), { withinMs: noticedWithinMs, what: 'votes are accepted' })

  await system().redis?.restart()
  await waitUntil(async () => (await problems()) === 0, { withinMs: noticedWithinMs, what: 'the metric falls' })
})
