import { Redis } from 'ioredis'
import { DependencyUnavailable } from '../../ports/unavailable.ts'
import { refusalOf } from './connect.ts'
import { isPassing, orUnavailable } from './faults.ts'
import type { RedisCluster, Servers } from './servers.ts'

/** What an accepted vote survives; the words of VOTE_DURABILITY. */
export type Durability = 'durable' | 'fast' | 'memory' | 'replicated'

/** What stands between Redis as it is and the durability that was declared. `mend` are lines for redis-cli, if any help. */
export type DurabilityProblem = { readonly problem: string; readonly mend: readonly string[] }

export type DurabilityLook = {
  /** Empty: Redis keeps the votes that it accepts now as was declared. */
  readonly problems: readonly DurabilityProblem[]
  /** Takes nothing from votes that are accepted now: replicas that would keep them less well or refuse us, primaries that accept none for want of one. */
  readonly warnings: readonly DurabilityProblem[]
  /** Primaries that do not answer: they accept nothing, and are looked at once they do. What was found of them before stands until then. */
  readonly unseen: readonly string[]
}

const redisMajorMin = 7
const valkeyMajorMin = 8

/** What was found of each server of a cluster when it answered last, by its address. Kept from look to look. */
export type FoundServers = Map<string, Found>

/**
 * Compares what Redis is set to with the declared durability. What it needs to know and may not read is a problem too. What was `found` of a
 * server of the cluster stands while that one does not answer. Throws `DependencyUnavailable` where no server answers.
 */
export function lookAtDurability(
  servers: Servers,
  durability: Durability,
  found: FoundServers = new Map(),
): Promise<DurabilityLook> {
  return orUnavailable('stream', async () => {
    if (!(servers instanceof Redis)) return lookAtCluster(servers, durability, found)
    const { problems, replicas } = await lookAtServer(servers, durability, false)
    const isAlone = durability === 'replicated' && replicas === 0
    return { problems: isAlone ? [...problems, withoutReplica] : problems, warnings: [], unseen: [] }
  })
}

async function lookAtCluster(
  cluster: RedisCluster,
  durability: Durability,
  found: FoundServers,
): Promise<DurabilityLook> {
  const lookAtEach = (servers: readonly Redis[], isReplica: boolean): Promise<readonly Member[]> =>
    Promise.all(servers.map((redis) => lookAtMember(redis, { durability, isReplica, found })))
  const [primaries, replicas] = await Promise.all([
    lookAtEach(cluster.primaries(), false),
    lookAtEach(cluster.replicas(), true),
  ])
  keepThose([...primaries, ...replicas], found)
  const unseen = primaries.filter(({ isSeen }) => !isSeen).map(({ address }) => address)
  if (unseen.length === primaries.length) {
    throw new DependencyUnavailable('stream', 'no primary of the cluster answers')
  }
  const known = primaries.filter(({ isKnown }) => isKnown)
  const alone = durability === 'replicated' ? known.filter((member) => member.replicas === 0) : []
  const ofAlone = alone.map((member) => at(member.address, withoutReplica))
  const isAnyFollowed = alone.length < known.length
  return {
    problems: [...known.flatMap(({ problems }) => problems), ...(isAnyFollowed ? [] : ofAlone)],
    // The servers tell of their replicas in any order.
    warnings: [
      ...replicas.toSorted((a, b) => a.address.localeCompare(b.address)).flatMap(({ problems }) => problems),
      ...(isAnyFollowed ? ofAlone : []),
    ],
    unseen,
  }
}

/** Forgets whoever is of the cluster no more: what comes to its address may be another server. */
function keepThose(members: readonly Member[], found: FoundServers): void {
  const addresses = new Set(members.map(({ address }) => address))
  for (const address of found.keys()) if (!addresses.has(address)) found.delete(address)
}

type Member = Found & {
  readonly address: string
  /** Whether it answers now. */
  readonly isSeen: boolean
  /** Whether it has answered, now or before. */
  readonly isKnown: boolean
}

type MemberLook = { readonly durability: Durability; readonly isReplica: boolean; readonly found: FoundServers }

async function lookAtMember(redis: Redis, { durability, isReplica, found }: MemberLook): Promise<Member> {
  const { host = '', port = 0 } = redis.options
  const address = `${host}:${port}`
  try {
    const { problems, replicas } = await lookAtServer(redis, durability, true)
    const now = { problems: problems.map((problem) => at(address, problem)), replicas }
    found.set(address, now)
    return { ...now, address, isSeen: true, isKnown: true }
  } catch (error) {
    if (!isPassing(error)) throw error
    const answer = refusalOf(redis)
    // A primary that refuses us is as good as away, and told as that. Of a replica nobody else would hear before it takes over.
    if (isReplica && answer !== null)
      found.set(address, { problems: [at(address, shutOut(answer))], replicas: Number.NaN })
    const before = found.get(address)
    return { problems: [], replicas: 0, ...before, address, isSeen: false, isKnown: before !== undefined }
  }
}

function at(address: string, { problem, mend }: DurabilityProblem): DurabilityProblem {
  const colon = address.lastIndexOf(':')
  const where = `-h ${address.slice(0, colon)} -p ${address.slice(colon + 1)}`
  return { problem: `${address}: ${problem}`, mend: mend.map((line) => `${where} ${line}`) }
}

/** `replicas`: NaN where the server does not tell how many follow it. */
type Found = { readonly problems: readonly DurabilityProblem[]; readonly replicas: number }

async function lookAtServer(redis: Redis, durability: Durability, isInCluster: boolean): Promise<Found> {
  const info = await unlessForbidden(async () => parseInfo(await redis.info()))
  if (info === null) return { problems: [infoForbidden], replicas: Number.NaN }
  const replicas = Number(info.get('connected_slaves') ?? 0)
  const problems = [...versionProblems(info)]
  if (!isInCluster && info.get('cluster_enabled') === '1') problems.push(clusterUnnamed)
  const settings = await readSettings(redis)
  if (settings === null) return { problems: [...problems, configForbidden], replicas }
  return { problems: [...problems, ...evictionProblems(settings), ...fileProblems(settings, durability)], replicas }
}

type Settings = ReadonlyMap<string, string>

const infoForbidden: DurabilityProblem = {
  problem:
    'Redis does not let us ask what it is (INFO is forbidden), so nobody can tell whether it keeps accepted votes. Allow INFO to this user',
  mend: [],
}

const configForbidden: DurabilityProblem = {
  problem:
    'Redis does not let us read its configuration (CONFIG is forbidden), so nobody can tell whether it keeps accepted votes. ' +
    'Allow CONFIG GET to this user; or, where the provider keeps votes as VOTE_DURABILITY says and evicts nothing, set VOTE_DURABILITY_CHECK=off',
  mend: [],
}

function shutOut(answer: string): DurabilityProblem {
  return {
    problem:
      `Redis does not let this user in (${answer}), so nobody can tell how it would keep votes, and votes of its partitions ` +
      'would be refused once it takes over. Make the user there as on the other servers',
    mend: [],
  }
}

const clusterUnnamed: DurabilityProblem = {
  problem:
    'this Redis is one server of a cluster, and refuses the keys of the others: let REDIS_URL begin with redis-cluster:// (over TLS rediss-cluster://)',
  mend: [],
}

const withoutReplica: DurabilityProblem = {
  problem: 'no replica is connected, and VOTE_DURABILITY is replicated',
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

function readSettings(redis: Redis): Promise<Settings | null> {
  return unlessForbidden(async () => {
    const settings = new Map<string, string>()
    for (const name of ['maxmemory-policy', 'appendonly', 'appendfsync', 'no-appendfsync-on-rewrite']) {
      // One by one: older servers take one pattern only. The cast names the form of the answer.
      const [, value] = (await redis.config('GET', name)) as readonly string[]
      if (value === undefined) return null
      settings.set(name, value)
    }
    return settings
  })
}

/** Null where it is forbidden: by the access list, or because the provider renamed the command. */
async function unlessForbidden<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error && /NOPERM|unknown (?:sub)?command/i.test(error.message)) return null
    throw error
  }
}

function parseInfo(text: string): Settings {
  const lines = text.split('\r\n').filter((line) => line.includes(':'))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))
}
