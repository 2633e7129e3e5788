import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeHtml, html } from '../../src/adapters/http/page/html.ts'
import { renderPollPage } from '../../src/adapters/http/page/poll-page.ts'
import { someLivePoll } from '../support/some-live-poll.ts'

const attack = `"><img src=x onerror=alert(1)><script>alert('x')</script>&amp;`

describe('html', () => {
  test('what is put into a template cannot leave its place', () => {
    expect(String(html`<p title="${attack}">${attack}</p>`)).toBe(
      `<p title="${escapeHtml(attack)}">${escapeHtml(attack)}</p>`,
    )
    expect(escapeHtml(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;')
  })

  test('no text brings a character that opens or closes anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/)
      }),
    )
  })

  test('templates within templates, lists and left out parts are put together', () => {
    const items = ['a', '<b>'].map((text) => html`<li>${text}</li>`)
    expect(String(html`<p>${items}${null}${false}${0}</p>`)).toBe('<p><li>a</li><li>&lt;b&gt;</li>0</p>')
  })

  test('a dollar sign in a text means nothing', () => {
    expect(String(html`<p>${"$& $' $1 \\n `${x}`"}</p>`)).toBe('<p>$&amp; $&#39; $1 \\n `${x}`</p>')
  })
})

describe('the page of a poll', () => {
  const view = {
    audience: 'public' as const,
    ownVote: null,
    hasJustVoted: false,
    problem: null,
    formKey: 'key',
    code: '',
  }

  test.each(['draft', 'scheduled', 'open', 'closing', 'closed'] as const)(
    'no text of a poll that is %s gets out of its place',
    (status) => {
      const options = [1, 2].map((id) => ({ id, text: attack, position: id }))
      const live = someLivePoll({
        status,
        question: attack,
        description: attack,
        options,
        opensAt: 1,
        voterIdentity: 'code',
      })
      for (const ownVote of [null, [1], [1, 2]]) {
        for (const problem of [null, { detail: attack, chosen: [1] }]) {
          const { title, body } = renderPollPage({ ...view, live, ownVote, problem, code: attack })
          expect(String(body)).not.toMatch(/<img|<script|alert\('/)
          expect(String(body)).toContain('&lt;img src=x')
          expect(String(html`<title>${title}</title>`)).not.toContain('<img')
        }
      }
    },
  )

  test('hidden counts are nowhere in it', () => {
    const live = someLivePoll(
      { resultsVisibility: 'never' },
      { counts: [7331, 0, 0], totalVotes: 7331, version: 73_311 },
    )
    expect(String(renderPollPage({ ...view, live }).body)).not.toMatch(/7,?331|%/)
    expect(String(renderPollPage({ ...view, live, audience: 'organiser' }).body)).toContain('7,331')
  })

  test('how many may be chosen is said in words', () => {
    const legend = (minChoices: number, maxChoices: number) =>
      /<legend>(.*)<\/legend>/.exec(
        String(renderPollPage({ ...view, live: someLivePoll({ type: 'multiple', minChoices, maxChoices }) }).body),
      )?.[1]
    expect([legend(1, 1), legend(1, 3), legend(2, 2), legend(2, 3)]).toEqual([
      'Choose one',
      'Choose up to 3',
      'Choose 2',
      'Choose 2 to 3',
    ])
  })
})
