import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemPath } from '../../src/runtime/debian-packages.ts'
import { type CommandResult, runCommand } from '../../src/runtime/run-command.ts'
import { provideRedisCli } from '../support/debian-tools.ts'
import { isClusterSettled, startTestNodes } from '../support/redis-cluster.ts'
import { waitUntil } from '../support/wait-until.ts'

const script = fileURLToPath(new URL('../../deploy/redis/create-cluster.sh', import.meta.url))
/** Beyond what the script gives itself: it ends by itself, or has no exit code. */
const endsWithinMs = 25_000
/** A replica begins to follow once the others have heard of it. */
const followsWithinMs = 20_000

let nodes: Awaited<ReturnType<typeof startTestNodes>>
beforeAll(async () => {
  nodes = await startTestNodes()
})
afterAll(async () => nodes?.stop())

const createCluster = async (withinSeconds: number): Promise<CommandResult> => {
  const { path, libraries } = await provideRedisCli()
  const env = {
    PATH: `${dirname(path)}:${systemPath()}`,
    CLUSTER_WITHIN_SECONDS: String(withinSeconds),
    ...(libraries !== null && { LD_LIBRARY_PATH: libraries }),
  }
  const named = nodes.servers.map(({ port }, at) => `localhost:${port}@${nodes.busPorts[at]}`)
  return runCommand('sh', [script, ...named], { withinMs: endsWithinMs, env })
}

/** Who is what in the cluster, and has which slots, as the first node sees it; without when somebody was heard of. */
const readNodes = async (): Promise<readonly string[]> => {
  const redis = new Redis(nodes.servers[0]?.redisUrl ?? '')
  const lines = String(await redis.call('CLUSTER', 'NODES'))
    .trim()
    .split('\n')
  redis.disconnect()
  return lines.map((line) => line.split(' ').toSpliced(4, 2).join(' ')).toSorted()
}

test('a node that is silent is named in time, and nothing has been begun', async () => {
  const silent = nodes.servers.at(-1)
  process.kill(silent?.pid() ?? 0, 'SIGSTOP')
  try {
    const { exitCode, output } = await createCluster(1)
    expect(output).toContain(`localhost:${silent?.port}@${nodes.busPorts.at(-1)} does not answer.`)
    expect(output).toContain('The six are no whole cluster.')
    expect(output.match(/does not answer/g)).toHaveLength(1)
    expect(exitCode).toBe(1)
    expect(await readNodes()).toHaveLength(1)
  } finally {
    process.kill(silent?.pid() ?? 0, 'SIGCONT')
  }
})

test(
  'six nodes become a cluster of three primaries with a replica each, and once more changes nothing',
  { timeout: 60_000 },
  async () => {
    const made = await createCluster(20)
    expect(made).toEqual({ exitCode: 0, output: expect.stringMatching(/The six are one cluster now\.\n$/) })
    await waitUntil(async () => isClusterSettled(nodes), {
      withinMs: followsWithinMs,
      what: 'three primaries serve, and a replica of each follows',
    })
    const before = await readNodes()
    expect(before.filter((line) => line.includes('slave'))).toHaveLength(3)
    const again = await createCluster(20)
    expect(again).toEqual({ exitCode: 0, output: 'The six are one cluster already: nothing was changed.\n' })
    expect(await readNodes()).toEqual(before)
  },
)
