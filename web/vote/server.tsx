import { renderToString } from 'preact-render-to-string'
import { useLanguage } from '../i18n/in-use.ts'
import { firstBallot, mayChoose } from './ballot.ts'
import type { DrawVotePage } from './snapshot.ts'
import { VotePage } from './vote-page.tsx'

/** Nobody knows yet what the reader does and brings. */
const nothingBrought = { chosen: null, manageToken: null, behindMs: 0 }

export const drawVotePage: DrawVotePage = (snapshot, { tag, locale, messages }) => {
  useLanguage(messages, tag, locale)
  const { poll, code } = snapshot
  return {
    body: renderToString(<VotePage snapshot={snapshot} brought={{ ...nothingBrought, code }} />),
    canChoose: mayChoose(poll.status, poll, firstBallot(snapshot)),
  }
}
