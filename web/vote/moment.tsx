import { formatTime } from '../i18n/format.ts'
import { useMounted } from './use-mounted.ts'

/** A point in time as the reader's own place has it; until that is known, in UTC. */
export function Moment({ at }: { readonly at: string }) {
  const isMounted = useMounted()
  return <time datetime={at}>{formatTime(new Date(at), isMounted ? undefined : 'UTC')}</time>
}
