import { TallycastError } from '../../client/src/index.ts'
import type { Message } from '../i18n/say.ts'
import { tellError } from '../organiser/tell-error.ts'

/** Why no poll, or no code, was made. */
export function describeFault(error: unknown): Message {
  const needsKey = error instanceof TallycastError && (error.code === 'unauthenticated' || error.code === 'forbidden')
  return needsKey ? ['create.needs_key'] : tellError(error)
}
