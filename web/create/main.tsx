import { render } from 'preact'
import { createClient } from '../../client/src/index.ts'
import { loadLanguage, redrawOnSwitch } from '../i18n/language.ts'
import type { Messages } from '../i18n/messages.ts'
import { say } from '../i18n/say.ts'
import { baseForOthers } from '../organiser/links-for-others.ts'
import { CreatePage } from './create-page.tsx'
import './create.css'

const texts = import.meta.glob<Messages>('../messages/*.json', { query: '?page=create', import: 'default' })
const root = document.querySelector<HTMLElement>('#create')
if (root !== null) {
  const base = baseForOthers(root.dataset['base'])
  const client = createClient()
  const draw = (): void => {
    document.title = say('common.page_title', { page: say('create.page_name') })
    render(<CreatePage client={client} base={base} />, root)
  }
  await loadLanguage(texts)
  root.replaceChildren()
  draw()
  redrawOnSwitch(draw)
}
