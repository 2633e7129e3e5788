import { isRefused, type Refused } from '../../domain/refusal.ts'
import { authorizePolls, authorizeScope, type Holder } from '../authorize.ts'
import { judgeFor, type JudgeBearer } from '../judge-bearer.ts'

/** Who may create polls: whoever asks, or keys with the scope `polls:write`. */
export type PollCreation = 'anyone' | 'key'

/** Who creates a poll, null for somebody who showed nothing; or why nobody does. A bearer that does not fit is refused, not passed over. */
export async function judgeCreator(
  judgeBearer: Pick<JudgeBearer, 'judge'>,
  pollCreation: PollCreation,
  bearer: string | null,
): Promise<{ readonly holder: Holder | null } | Refused> {
  if (bearer === null && pollCreation === 'anyone') return { holder: null }
  const check = pollCreation === 'anyone' ? authorizePolls : authorizeScope
  const holder = await judgeFor(judgeBearer, bearer, (shown) => check(shown, 'polls:write'))
  if (isRefused(holder)) return holder
  // A manage token is of a poll that there is already, or of none.
  return { holder: holder.is === 'organiser' ? null : holder }
}
