import type { Place } from '../embed/kept-session.ts'

const name = 'tallycast_frame'
const lifeSeconds = 365 * 86_400

/**
 * Where Chromium blocks third-party cookies it denies a frame of another site all storage, but for cookies that it keeps apart for each site around
 * ("partitioned", over https alone). This one the script reads, and nobody else: what is asked bears no cookie.
 */
export const partitionedCookie: Place = {
  read: () => new RegExp(`(?:^|; )${name}=([\\w-]+)`).exec(document.cookie)?.[1] ?? null,
  write(_name, voterToken) {
    const life = voterToken === null ? 0 : lifeSeconds
    document.cookie = `${name}=${voterToken ?? ''}; Path=/p/; Max-Age=${life}; SameSite=None; Secure; Partitioned`
  },
}
