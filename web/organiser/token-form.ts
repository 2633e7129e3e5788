/** What can be sent in a header; anything else never was a token. */
const tokenForm = /^[\w.~+/-]+=*$/

export function canBeToken(token: string): boolean {
  return tokenForm.test(token)
}
