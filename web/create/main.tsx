import { render } from 'preact'
import { createClient } from '../../client/src/index.ts'
import { CreatePage } from './create-page.tsx'
import './create.css'

const root = document.querySelector<HTMLElement>('#create')
if (root !== null) {
  // The service knows of no https that somebody in front of it speaks; the page does.
  const base = new URL(root.dataset['base'] ?? location.origin)
  root.replaceChildren()
  render(
    <CreatePage
      client={createClient()}
      base={base.host === location.host ? location.origin : base.href.replace(/\/$/, '')}
    />,
    root,
  )
}
