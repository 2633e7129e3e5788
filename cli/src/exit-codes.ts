/** What the shell is told. */
export const exitCodes = {
  done: 0,
  /** The service said no, or something went wrong. */
  refused: 1,
  /** The words of the command cannot be used. */
  usage: 2,
  /** No answer came, or the service has no time: the same may succeed later. */
  later: 3,
  /** Ctrl-C, as shells count it. */
  interrupted: 130,
} as const

export const exitCodesText = `Exit status: 0 done, 1 refused or failed, 2 wrong words, 3 no answer or no time for one (try again later), 130 Ctrl-C.`
