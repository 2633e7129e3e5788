import { alsoKeepIn } from '../embed/kept-session.ts'
import { definePollElement } from '../embed/poll-element.tsx'
import { languageInUse } from '../i18n/in-use.ts'
import { loadLanguage } from '../i18n/language.ts'
import type { Messages } from '../i18n/messages.ts'
import './frame.css'
import { partitionedCookie } from './partitioned-cookie.ts'

const texts = import.meta.glob<Messages>('../messages/*.json', { query: '?page=frame', import: 'default' })
const root = document.querySelector<HTMLElement>('#frame')
const theme = new URLSearchParams(location.search).get('theme')

// The page around knows how it looks; `loadLanguage` reads in which language it speaks.
if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme
await loadLanguage(texts)

alsoKeepIn(partitionedCookie)
definePollElement({ home: location.origin, heading: 'h1', speak: () => languageInUse().tag })

if (root !== null && parent !== window) {
  // Nothing else leaves the frame, and how high it is, is no secret from anybody.
  const tellHeight = (): void => {
    const height = Math.ceil(root.getBoundingClientRect().height)
    parent.postMessage({ type: 'tallycast:height', poll_id: root.dataset['id'], height }, '*')
  }
  new ResizeObserver(tellHeight).observe(root)
}
