import { render } from 'preact'
import { loadLanguage, redrawOnSwitch } from '../i18n/language.ts'
import type { Messages } from '../i18n/messages.ts'
import { baseForOthers } from '../organiser/links-for-others.ts'
import { reloadWithNewToken, takeToken } from '../organiser/manage-token.ts'
import { ManagePage } from './manage-page.tsx'
import './manage.css'
import './controls.css'
import './result.css'
import './edit.css'

const texts = import.meta.glob<Messages>('../messages/*.json', { query: '?page=manage', import: 'default' })
const root = document.querySelector<HTMLElement>('#manage')
if (root !== null) {
  const { id = '', base } = root.dataset
  const question = root.querySelector('h1')?.textContent ?? ''
  const token = takeToken(id)
  reloadWithNewToken(id)
  const draw = (): void =>
    render(<ManagePage pollId={id} question={question} base={baseForOthers(base)} given={token} />, root)
  await loadLanguage(texts)
  root.replaceChildren()
  draw()
  redrawOnSwitch(draw)
}
