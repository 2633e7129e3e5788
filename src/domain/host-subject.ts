/** The longest name that a host may have for a voter, in code points. */
export const HOST_SUBJECT_CHARACTERS_MAX = 200

/**
 * Whether this can be a host's name for one of its voters, in a token as in a bulk vote. Of a text that is not well-formed the halves of a
 * character would all be one voter.
 */
export function isHostSubject(value: unknown): value is string {
  return isText(value, HOST_SUBJECT_CHARACTERS_MAX)
}

/** Characters are code points, and none of them half. */
export function isText(value: unknown, charactersMax: number): value is string {
  if (typeof value !== 'string' || value.length === 0 || !value.isWellFormed()) return false
  return (
    value.length <= charactersMax || (value.length <= 2 * charactersMax && Array.from(value).length <= charactersMax)
  )
}
