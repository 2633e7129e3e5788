// The voting code, where a poll asks for one: out of the address or typed in, and shown with everything that its voter asks for.

/** As it stands in the field, also while the page is made anew. */
let typed = ''
/** With which somebody has voted here. Not kept beyond this page: the next person at this device may have a code of their own. */
let used = ''

/** Takes the code that the address brought out of it, so that it stays in no history. False where there is none. */
export function takeCode() {
  const given = /^#code=([\w-]+)$/.exec(location.hash)?.[1]
  if (given === undefined) return false
  history.replaceState(null, '', `${location.pathname}${location.search}`)
  typed = given
  used = ''
  return true
}

/** Puts the code into the field of a page that has just come, and follows what is typed there. */
export function dressCode() {
  const field = document.getElementById('code')
  if (field === null) return
  if (typed === '') typed = field.value
  else field.value = typed
  field.addEventListener('input', () => {
    typed = field.value
  })
}

/** What can be sent of it: no header carries the dashes that some keyboards make, and the service needs none. */
export function typedCode() {
  return typed.replaceAll(/[^0-9a-z]/gi, '')
}

/** From now on the page shows what this code may see. */
export function keepCode(code) {
  used = code
}

export function hasUsedCode() {
  return used !== ''
}

/** @returns {Record<string, string>} */
export function codeHeaders(code = used) {
  return code === '' ? {} : { 'voter-token': code }
}
