/** As people read it off a screen: in two halves. */
export function spellJoinCode(code: string): string {
  return `${code.slice(0, 3)}-${code.slice(3)}`
}

/** Where a poll is joined, as people type it: the address at which its code is asked for, and the code; without one the page itself. */
export function spellWhereToJoin(joinUrl: string, code: string | null): string {
  return code === null ? joinUrl.replace(/^https?:\/\//, '') : `${new URL(joinUrl).host}/j · ${spellJoinCode(code)}`
}
