import { type Setting, url } from './setting.ts'

const oneRedis = url(['redis:', 'rediss:'])
const clusterForm = /^(rediss?)-cluster:\/\/(?:([^@]*)@)?([^@/?#]+)\/?$/
const seedsMax = 32

/**
 * The URL of one Redis (`redis://name:password@host:6379/0`, over TLS `rediss://`), or of a cluster: some of its servers, with commas
 * between (`redis-cluster://name:password@host:7001,host:7002`, over TLS `rediss-cluster://`). It may carry a password, so a
 * problem does not repeat it.
 */
export const redisUrl: Setting<string> = {
  fallback: '',
  read: (given) => {
    if (!/^rediss?-cluster:/.test(given)) {
      const one = oneRedis.read(given)
      return 'problem' in one ? { problem: `${one.problem}, of a cluster redis-cluster:// or rediss-cluster://` } : one
    }
    const seeds = listSeeds(given) ?? []
    if (seeds.length > seedsMax) return { problem: `must name at most ${seedsMax} servers of the cluster` }
    if (seeds.length > 0 && seeds.every((seed) => 'value' in oneRedis.read(seed))) return { value: given }
    return {
      problem:
        'must name servers of the cluster as redis-cluster://name:password@host:port,host:port (the name and the password where it asks for them), and no database',
    }
  },
}

/** The servers that the URL of a cluster names, each with a URL of its own; null for any other URL. */
export const listSeeds = (given: string): readonly [string, ...string[]] | null => {
  const [, protocol, who, servers] = clusterForm.exec(given) ?? []
  if (servers === undefined) return null
  const authority = who === undefined ? '' : `${who}@`
  // What is split has at least one part.
  return servers.split(',').map((server) => `${protocol}://${authority}${server}`) as [string, ...string[]]
}
