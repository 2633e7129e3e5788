import { TallycastError } from '../../client/src/index.ts'
import type { Message } from '../i18n/say.ts'
import { tellFault } from '../i18n/tell-fault.ts'

/** What went wrong with a call, for the person who sees it. */
export function tellError(error: unknown): Message {
  if (!(error instanceof TallycastError)) return ['common.something_wrong']
  const detail = error.errors[0]?.detail ?? ''
  return tellFault(error.code, error.message.includes(detail) ? error.message : `${error.message} ${detail}`)
}
