import { render } from 'preact'
import { loadLanguage, redrawOnSwitch } from '../i18n/language.ts'
import type { Messages } from '../i18n/messages.ts'
import { reloadWithNewToken, takeToken } from '../organiser/manage-token.ts'
import { PresentPage } from './present-page.tsx'
import './present.css'
import './bars.css'
import './foot.css'
import './surroundings.css'

const texts = import.meta.glob<Messages>('../messages/*.json', { query: '?page=present', import: 'default' })
const root = document.querySelector<HTMLElement>('#present')
if (root !== null) {
  const { id = '', join = '' } = root.dataset
  const isOverlay = new URLSearchParams(location.search).has('overlay')
  document.documentElement.classList.toggle('overlay', isOverlay)
  const token = takeToken(id)
  reloadWithNewToken(id)
  const draw = (): void =>
    // Nobody presses keys in a streaming software's picture, nor should it show more than the public sees.
    render(<PresentPage pollId={id} joinUrl={join} token={isOverlay ? null : token} isOverlay={isOverlay} />, root)
  await loadLanguage(texts)
  root.replaceChildren()
  draw()
  redrawOnSwitch(draw)
}
