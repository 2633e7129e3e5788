import { beforeEach, describe, expect, test } from 'vitest'
import { html } from '../../src/adapters/http/page/html.ts'
import { createRenderPollPage, type PollView } from '../../src/adapters/http/page/poll-page.ts'
import { refuse } from '../../src/domain/refusal.ts'
import { useLanguage } from '../../web/i18n/in-use.ts'
import english from '../../web/messages/en.json' with { type: 'json' }
import { someLivePoll } from '../support/some-live-poll.ts'

const attack = `"><img src=x onerror=alert(1)><script>alert('x')</script>&amp;`

const render = createRenderPollPage()
beforeEach(() => useLanguage(english, 'en'))

const viewOf = (more: Partial<PollView> = {}): PollView => ({
  live: someLivePoll(),
  audience: 'public',
  ownVote: null,
  hasSession: false,
  hasJustVoted: false,
  problem: null,
  code: '',
  ...more,
})

describe('the page of a poll, as the server draws it', () => {
  test.each(['draft', 'scheduled', 'open', 'closing', 'closed'] as const)(
    'lets no text of a poll that is %s out of its place',
    (status) => {
      const options = [1, 2].map((id) => ({ id, text: attack, position: id }))
      const text = { question: attack, description: attack, options }
      const live = someLivePoll({ status, ...text, opensAt: 1, voterIdentity: 'code' })
      for (const selection of [null, [1], [1, 2]]) {
        const ownVote = selection && { round: 1, selection, isRecorded: true }
        for (const problem of [null, { refused: refuse('invalid_body', attack), chosen: [1] }]) {
          const { title, body } = render(viewOf({ live, ownVote, problem, code: attack }))
          expect(String(body)).not.toMatch(/<img|<script/)
          expect(String(body)).toContain('&lt;img src=x')
          expect(String(html`<title>${title}</title>`)).not.toContain('<img')
        }
      }
    },
  )

  test('has hidden counts nowhere, nor among what its script goes on from', () => {
    const counted = { counts: [7331, 0, 0], totalVotes: 7331, version: 73_311 }
    const live = someLivePoll({ resultsVisibility: 'never' }, counted)
    const shown = (view: PollView): string => {
      const { body, snapshot, description } = render(view)
      return `${String(body)} ${JSON.stringify(snapshot)} ${description}`
    }
    // Times and names of forms may have any digits.
    expect(
      shown(viewOf({ live })).replaceAll(/"(?:formKey|drawnAt)":"[^"]*"|name="key" value="[^"]*"/g, ''),
    ).not.toMatch(/7,?331|%/)
    expect(shown(viewOf({ live, audience: 'organiser' }))).toContain('7,331')
  })

  test('shows no vote as the reader’s own that is of another round', () => {
    const shownIn = (round: number) =>
      render(viewOf({ live: someLivePoll({ round }), ownVote: { round: 1, selection: [1], isRecorded: true } }))
    expect(shownIn(1).snapshot).toMatchObject({ ownVote: { option_ids: [1] } })
    expect(shownIn(2).snapshot).toMatchObject({ poll: { round: 2 }, ownVote: null })
  })

  test('reads itself again without a script, unless somebody chooses on it, or it is final', () => {
    const refreshOf = (more: Partial<PollView>) => render(viewOf(more)).refreshSeconds !== undefined
    const ownVote = { round: 1, selection: [1], isRecorded: true }
    expect(refreshOf({ live: someLivePoll({ status: 'scheduled' }) })).toBe(true)
    expect(refreshOf({ live: someLivePoll({ allowVoteChange: false }), ownVote })).toBe(true)
    expect(refreshOf({})).toBe(false)
    expect(refreshOf({ live: someLivePoll({ status: 'closed' }) })).toBe(false)
    expect(refreshOf({ live: someLivePoll({ allowVoteChange: false }), ownVote, code: 'ABCD' })).toBe(false)
  })
})
