import { TallycastError } from '../../client/src/index.ts'

/** What went wrong, for the person who sees it. */
export function describeFault(error: unknown): string {
  if (!(error instanceof TallycastError)) return 'Something went wrong here. Please try again.'
  if (error.code === 'unauthenticated' || error.code === 'forbidden') {
    return 'Only people with a key may make polls here. They make them with the API.'
  }
  const detail = error.errors[0]?.detail ?? ''
  return error.message.includes(detail) ? error.message : `${error.message} ${detail}`
}
