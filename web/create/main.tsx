import { render } from 'preact'
import { createClient } from '../../client/src/index.ts'
import { loadLanguage, redrawOnSwitch } from '../i18n/language.ts'
import { say } from '../i18n/say.ts'
import { CreatePage } from './create-page.tsx'
import './create.css'

const root = document.querySelector<HTMLElement>('#create')
if (root !== null) {
  // The service knows of no https that somebody in front of it speaks; the page does.
  const given = new URL(root.dataset['base'] ?? location.origin)
  const base = given.host === location.host ? location.origin : given.href.replace(/\/$/, '')
  const client = createClient()
  const draw = (): void => {
    document.title = say('common.page_title', { page: say('create.page_name') })
    render(<CreatePage client={client} base={base} />, root)
  }
  await loadLanguage()
  root.replaceChildren()
  draw()
  redrawOnSwitch(draw)
}
