import { definePollElement } from './poll-element.tsx'
import { speak } from './speak.ts'

/** A classic script knows itself while it runs; a module has to be looked for. */
const script = document.currentScript ?? document.querySelector('script[src$="/embed.js"]')

// The service is where its script is.
const home = script instanceof HTMLScriptElement ? new URL('.', script.src).href : null
definePollElement({ home, heading: 'h2', speak })
