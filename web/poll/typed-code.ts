/** Of a voting code as it was typed what can be sent: no header carries the spaces and dashes that people and keyboards make, and the service needs none. */
export function typedCode(code: string): string {
  return code.replaceAll(/[^0-9a-z]/gi, '')
}
