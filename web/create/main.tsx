import { render } from 'preact'
import { createClient } from '../../client/src/index.ts'
import { CreatePage } from './create-page.tsx'
import './create.css'

const root = document.querySelector('#create')
if (root !== null) {
  root.replaceChildren()
  render(<CreatePage client={createClient()} />, root)
}
