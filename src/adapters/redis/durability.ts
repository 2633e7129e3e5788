import { Redis } from 'ioredis'
import { orUnavailable } from './faults.ts'
import { type Servers, serversOf } from './servers.ts'

/** What an accepted vote survives; the words of VOTE_DURABILITY. */
export type Durability = 'durable' | 'fast' | 'memory' | 'replicated'

/** What stands between Redis as it is and the durability that was declared. `mend` are lines for redis-cli, if any help. */
export type DurabilityProblem = { readonly problem: string; readonly mend: readonly string[] }

const redisMajorMin = 7
const valkeyMajorMin = 8

/**
 * Compares what Redis is set to with the declared durability. Empty: it keeps accepted votes as promised. What it needs to
 * know and may not read is a problem too.
 */
export function findDurabilityProblems(
  servers: Servers,
  durability: Durability,
): Promise<readonly DurabilityProblem[]> {
  return orUnavailable('stream', async () => {
    if (servers instanceof Redis) return findProblemsOf(servers, durability, false)
    const problems = serversOf(servers).map(async (redis) => {
      const { host = '', port = 0 } = redis.options
      return (await findProblemsOf(redis, durability, true)).map(({ problem, mend }) => ({
        problem: `${host}:${port}: ${problem}`,
        mend: mend.map((line) => `-h ${host} -p ${port} ${line}`),
      }))
    })
    return (await Promise.all(problems)).flat()
  })
}

async function findProblemsOf(
  redis: Redis,
  durability: Durability,
  isInCluster: boolean,
): Promise<readonly DurabilityProblem[]> {
  const info = parseInfo(await redis.info())
  const problems = [...versionProblems(info)]
  if (!isInCluster && info.get('cluster_enabled') === '1') problems.push(clusterUnnamed)
  const settings = await readSettings(redis)
  if (settings === null) return [...problems, configForbidden]
  problems.push(...evictionProblems(settings), ...fileProblems(settings, durability))
  if (durability === 'replicated') problems.push(...replicaProblems(info))
  return problems
}

type Settings = ReadonlyMap<string, string>

const configForbidden: DurabilityProblem = {
  problem:
    'Redis does not let us read its configuration (CONFIG is forbidden), so nobody can tell whether it keeps accepted votes. ' +
    'Allow CONFIG GET to this user; or, where the provider keeps votes as VOTE_DURABILITY says and evicts nothing, set VOTE_DURABILITY_CHECK=off',
  mend: [],
}

const clusterUnnamed: DurabilityProblem = {
  problem:
    'this Redis is one server of a cluster, and refuses the keys of the others: let REDIS_URL begin with redis-cluster:// (over TLS rediss-cluster://)',
  mend: [],
}

function versionProblems(info: Settings): readonly DurabilityProblem[] {
  const valkey = info.get('valkey_version')
  const [version, least, name] =
    valkey === undefined
      ? [info.get('redis_version') ?? '', redisMajorMin, 'Redis']
      : [valkey, valkeyMajorMin, 'Valkey']
  if (Number.parseInt(version, 10) >= least) return []
  return [{ problem: `${name} is version ${version || 'unknown'}; at least ${least} is needed`, mend: [] }]
}

function evictionProblems(settings: Settings): readonly DurabilityProblem[] {
  const policy = settings.get('maxmemory-policy')
  if (policy === 'noeviction') return []
  return [
    {
      problem: `maxmemory-policy is ${policy}: when memory is full, Redis would throw votes and doors away`,
      mend: ['CONFIG SET maxmemory-policy noeviction', 'CONFIG REWRITE'],
    },
  ]
}

function fileProblems(settings: Settings, durability: Durability): readonly DurabilityProblem[] {
  if (durability === 'memory') return []
  const problems: DurabilityProblem[] = []
  if (settings.get('appendonly') !== 'yes') {
    // Also where replicas have them: a primary that comes back empty makes its replicas as empty as it is.
    problems.push({
      problem: `appendonly is ${settings.get('appendonly')}: a restart of Redis loses votes, and VOTE_DURABILITY is ${durability}`,
      mend: ['CONFIG SET appendonly yes', 'CONFIG REWRITE'],
    })
  }
  const wanted = durability === 'durable' ? ['always'] : ['always', 'everysec']
  const sync = settings.get('appendfsync') ?? 'unknown'
  if (!wanted.includes(sync)) {
    const weaker = sync === 'everysec' ? ' (or declare VOTE_DURABILITY=fast: a crash may lose a second)' : ''
    problems.push({
      problem: `appendfsync is ${sync}: a crash of the machine loses votes, and VOTE_DURABILITY is ${durability}${weaker}`,
      mend: [`CONFIG SET appendfsync ${wanted.at(-1)}`, 'CONFIG REWRITE'],
    })
  }
  const onRewrite = settings.get('no-appendfsync-on-rewrite')
  if (durability !== 'replicated' && onRewrite !== 'no') {
    problems.push({
      problem: `no-appendfsync-on-rewrite is ${onRewrite}: while Redis rewrites its file it syncs nothing, whatever appendfsync says, so that a crash of the machine loses votes of that time, and VOTE_DURABILITY is ${durability}`,
      mend: ['CONFIG SET no-appendfsync-on-rewrite no', 'CONFIG REWRITE'],
    })
  }
  return problems
}

function replicaProblems(info: Settings): readonly DurabilityProblem[] {
  if (Number(info.get('connected_slaves') ?? 0) > 0) return []
  return [{ problem: 'no replica is connected, and VOTE_DURABILITY is replicated', mend: [] }]
}

/** Null where reading is forbidden: by the access list, or because the provider renamed the command. */
async function readSettings(redis: Redis): Promise<Settings | null> {
  const settings = new Map<string, string>()
  try {
    for (const name of ['maxmemory-policy', 'appendonly', 'appendfsync', 'no-appendfsync-on-rewrite']) {
      // One by one: older servers take one pattern only. The cast names the form of the answer.
      const [, value] = (await redis.config('GET', name)) as readonly string[]
      if (value === undefined) return null
      settings.set(name, value)
    }
    return settings
  } catch (error) {
    if (error instanceof Error && /NOPERM|unknown (?:sub)?command/i.test(error.message)) return null
    throw error
  }
}

function parseInfo(text: string): Settings {
  const lines = text.split('\r\n').filter((line) => line.includes(':'))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))
}
