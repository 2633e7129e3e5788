import { TallycastError } from '../../client/src/index.ts'
import { fetchUntilSilent } from './fetch-until-silent.ts'

/** How the service takes the token, by the status of its answer. A ticket is asked for, because nothing of the result comes with it. Rejects where no answer comes. */
export async function tryToken(pollId: string, token: string): Promise<'good' | 'refused' | 'no_poll'> {
  const headers = { authorization: `Bearer ${token}` }
  const { status } = await fetchUntilSilent(`/polls/${encodeURIComponent(pollId)}/ticket`, { method: 'POST', headers })
  if (status === 404) return 'no_poll'
  return isRefused(status) ? 'refused' : 'good'
}

/** Whether the service has refused what was shown, and not what was asked for. */
export function isRefusal(error: unknown): boolean {
  return error instanceof TallycastError && isRefused(error.status)
}

const isRefused = (status: number): boolean => status === 401 || status === 403
