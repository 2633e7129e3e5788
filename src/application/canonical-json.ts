/**
 * The value as RFC 8785 (JCS) writes it: the one text of all that say the same. Throws where there is none: numbers that JSON does not
 * know, and halves of a surrogate pair.
 *
 * The RFC takes numbers and strings as ECMAScript writes them, and members in the order of their names' UTF-16 units, which is how
 * ECMAScript sorts: the order is all that is left to do.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
    return `{${members.map(([name, member]) => `${canonicalJson(name)}:${canonicalJson(member)}`).join(',')}}`
  }
  if (!hasForm(value)) throw new TypeError('this value has no canonical form in JSON')
  return JSON.stringify(value)
}

function hasForm(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  return typeof value === 'number' ? Number.isFinite(value) : typeof value === 'boolean' || value === null
}
