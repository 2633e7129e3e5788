import { alsoKeepIn } from '../embed/kept-session.ts'
import { definePollElement } from '../embed/poll-element.tsx'
import { languageInUse } from '../i18n/in-use.ts'
import { languages, loadLanguage } from '../i18n/language.ts'
import { pickLanguage } from '../i18n/pick-language.ts'
import './frame.css'
import { partitionedCookie } from './partitioned-cookie.ts'

const root = document.querySelector<HTMLElement>('#frame')
const asked = new URLSearchParams(location.search)
const theme = asked.get('theme')
const language = asked.get('lang')

// The page around knows how it looks, and in which language it speaks.
if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme
await loadLanguage(language === null ? undefined : pickLanguage([language], languages))

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
