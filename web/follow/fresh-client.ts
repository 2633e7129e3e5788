import { type Client, createClient } from '../../client/src/index.ts'

/**
 * A client that hears what is so now. Browsers may keep for a second what everybody sees; a definition that is asked for because of news
 * would be hidden by it.
 */
export function createFreshClient(token: string | null, voterToken: string | null = null): Client {
  return createClient({
    fetch: async (input, init) => fetch(input, { ...init, cache: 'no-store' }),
    ...(token !== null && { token }),
    ...(voterToken !== null && { voterToken }),
  })
}
