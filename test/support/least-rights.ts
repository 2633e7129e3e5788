import { readFile } from 'node:fs/promises'

export const leastRightsUser = 'tallycast'
const password = 'secret'

/** What docs/operations.md lets a user of Redis do, for the sake of Tallycast: words of `ACL SETUSER`. */
export const readLeastRights = async (): Promise<readonly string[]> => {
  const text = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8')
  const [, rights] = /^ACL SETUSER tallycast on >password (.+)$/m.exec(text) ?? []
  if (rights === undefined) throw new Error('docs/operations.md does not say which rights a user of Redis needs')
  return rights.split(' ')
}

/** Options of redis-server that make it know this user. */
export const leastRightsOptions = async (): Promise<readonly string[]> => [
  '--user',
  leastRightsUser,
  'on',
  `>${password}`,
  ...(await readLeastRights()),
]

/** The URL of a Redis or a cluster that was given those options, as that user. */
export const withLeastRights = (redisUrl: string): string =>
  redisUrl.replace('://', `://${leastRightsUser}:${password}@`)
