import { hydrate, render } from 'preact'
import { LanguageSwitch } from '../i18n/language-switch.tsx'
import { loadLanguage, redrawOnSwitch } from '../i18n/language.ts'
import type { Messages } from '../i18n/messages.ts'
import { reloadWithNewToken, takeToken } from '../organiser/manage-token.ts'
import { forgetVoted, reloadWithNewCode, takeCode } from './page-address.ts'
import type { VoteSnapshot } from './snapshot.ts'
import { type Brought, VotePage } from './vote-page.tsx'
import './vote.css'
import './ballot.css'
import './dock.css'

const texts = import.meta.glob<Messages>('../messages/*.json', { query: '?page=vote', import: 'default' })
const root = document.querySelector<HTMLElement>('#vote')
const written = document.querySelector('#snapshot')?.textContent
if (root !== null && typeof written === 'string') {
  // The server has written it, in the same version.
  const snapshot = JSON.parse(written) as VoteSnapshot
  const { poll, drawnAt } = snapshot
  if (poll.voter_identity !== 'none') forgetVoted()
  const chosen = [...root.querySelectorAll<HTMLInputElement>('input[name=option]')]
  const brought: Brought = {
    chosen: chosen.length === 0 ? null : chosen.filter(({ checked }) => checked).map(({ value }) => Number(value)),
    code: takeCode() ?? root.querySelector<HTMLInputElement>('#code')?.value ?? '',
    manageToken: takeToken(poll.id),
    behindMs: Date.parse(drawnAt) - answeredAt(),
  }
  reloadWithNewToken(poll.id)
  reloadWithNewCode()
  // In the language that the server has drawn it in.
  await loadLanguage(texts, document.documentElement.lang)
  const page = () => (
    <VotePage snapshot={snapshot} brought={brought}>
      <LanguageSwitch />
    </VotePage>
  )
  hydrate(page(), root)
  redrawOnSwitch(() => render(page(), root))
}

/** When the page came, by the clock of this device. */
function answeredAt(): number {
  const [navigation] = performance.getEntriesByType('navigation')
  const cameMs = navigation instanceof PerformanceNavigationTiming ? navigation.responseStart : performance.now()
  return performance.timeOrigin + cameMs
}
