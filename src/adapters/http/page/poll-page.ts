import { maySeeResults } from '../../../domain/tally.ts'
import type { Audience } from '../../../domain/tally.ts'
import type { LivePoll } from '../../../application/watch-poll.ts'
import type { Poll, PollStatus } from '../../../domain/poll.ts'
import { type Html, html } from './html.ts'
import type { Page } from './layout.ts'

/** What the page shows to one reader. */
export type PollView = {
  readonly live: LivePoll
  readonly audience: Audience
  /** The reader's own vote; null before the first. */
  readonly ownVote: readonly number[] | null
  /** The code that came with the form; empty without one. */
  readonly code: string
  /** Somebody whom the poll does not recognise has just voted. */
  readonly hasJustVoted: boolean
  /** What went wrong with the form, and what was chosen in it. */
  readonly problem: { readonly detail: string; readonly chosen: readonly number[] } | null
  /** Names the form, so that sending it twice votes once. */
  readonly formKey: string
}

type Rendering = PollView & {
  readonly isVisible: boolean
  readonly canChoose: boolean
  readonly chosen: readonly number[]
}

const refreshSeconds = 10

export function renderPollPage(view: PollView): Page {
  const { poll } = view.live
  const isFree = view.ownVote === null ? !view.hasJustVoted : poll.allowVoteChange
  const rendering = {
    ...view,
    isVisible: maySeeResults(poll, view.audience),
    canChoose: poll.status === 'open' && isFree,
    chosen: view.problem?.chosen ?? view.ownVote ?? [],
  }
  const page = { title: poll.question, body: renderPoll(rendering), hasScript: true }
  // While somebody chooses, a page that reads itself again would take their choice away; and where a code came with a form, it would come
  // without.
  return rendering.canChoose || poll.status === 'closed' || view.code !== '' ? page : { ...page, refreshSeconds }
}

function renderPoll(rendering: Rendering): Html {
  const { live, isVisible, canChoose, ownVote } = rendering
  const { poll, tally } = live
  const list = renderOptions(rendering)
  return html`<main
    id="poll"
    lang="en"
    dir="ltr"
    data-id="${poll.id}"
    data-revision="${poll.revision}"
    data-version="${isVisible ? tally.version : ''}"
    data-identity="${poll.voterIdentity}"
    data-voted="${ownVote === null ? 'no' : 'yes'}"
    data-visible="${isVisible ? 'yes' : 'no'}"
    data-final="${tally.resultsFinal ? 'yes' : 'no'}"
  >
    <header>
      <p class="state" data-status="${poll.status}">${stateNames[poll.status]}</p>
      <h1 dir="auto">${poll.question}</h1>
      ${poll.description !== '' && html`<p class="about" dir="auto">${poll.description}</p>`} ${renderTimes(poll)}
    </header>
    <div id="notice" tabindex="-1">${renderNotice(rendering)}</div>
    ${
      canChoose
        ? html`<form id="form" method="post" action="/p/${poll.id}">
            <input type="hidden" name="key" value="${rendering.formKey}" />
            ${poll.voterIdentity === 'code' && renderCodeField(rendering.code)}
            <fieldset>
              <legend>${describeChoice(poll)}</legend>
              ${list}
            </fieldset>
            <div class="actions">
              <button type="submit" name="do" value="${ownVote === null ? 'cast' : 'change'}">
                ${ownVote === null ? 'Vote' : 'Change vote'}
              </button>
              ${ownVote !== null && html`<button type="submit" name="do" value="retract" class="quiet">Take it back</button>`}
            </div>
          </form>`
        : list
    }
    <p class="total">${isVisible ? renderTotal(tally.totalVotes) : hiddenNotes[poll.resultsVisibility]}</p>
    <p id="connection" hidden></p>
    <p id="announcer" class="unseen" aria-live="polite"></p>
  </main>`
}

const stateNames = {
  draft: 'Not open yet',
  scheduled: 'Not open yet',
  open: 'Open',
  closing: 'Closing',
  closed: 'Final result',
  deleted: 'Gone',
} satisfies Record<PollStatus, string>

const hiddenNotes = {
  always: '',
  after_vote: 'You will see the result once you have voted.',
  after_close: 'The result will be shown when the poll has closed.',
  never: 'The result of this poll is not shown here.',
} satisfies Record<Poll['resultsVisibility'], string>

function renderTotal(totalVotes: number): Html {
  return html`<strong id="total">${formatCount(totalVotes)}</strong>
    <span id="total-word">${totalVotes === 1 ? 'vote' : 'votes'}</span>`
}

/** What is typed may have spaces in it, or dashes of any kind. */
function renderCodeField(code: string): Html {
  return html`<p class="code">
    <label for="code">Your voting code</label>
    <input
      type="text"
      id="code"
      name="code"
      value="${code}"
      placeholder="XXXX-XXXX-XXXX-XXXX"
      maxlength="60"
      required
      autocomplete="off"
      autocapitalize="characters"
      spellcheck="false"
    />
  </p>`
}

function renderTimes({ status, opensAt, closesAt }: Poll): Html | false {
  if (status === 'scheduled' && opensAt !== null) return html`<p class="when">Opens ${renderTime(opensAt)}</p>`
  return status === 'open' && closesAt !== null && html`<p class="when">Closes ${renderTime(closesAt)}</p>`
}

/** The script rewrites it for the reader's own place. */
function renderTime(time: number): Html {
  const iso = new Date(time).toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`
}

function renderNotice({ live: { poll }, ownVote, hasJustVoted, problem }: Rendering): Html | null {
  if (problem !== null) return html`<p class="problem" role="alert">${problem.detail}</p>`
  if (ownVote !== null) {
    const texts = poll.options.filter((option) => ownVote.includes(option.id)).map((option) => option.text)
    const another = poll.voterIdentity === 'code' && poll.status === 'open'
    return html`<p class="voted">
      You voted for ${joinTexts(texts)}.${another && html` <a href="/p/${poll.id}">Vote with another code</a>`}
    </p>`
  }
  if (hasJustVoted)
    return html`<p class="voted">Thank you, your vote counts. <a href="/p/${poll.id}">Vote again</a></p>`
  switch (poll.status) {
    case 'draft':
    case 'scheduled':
      return html`<p>Voting has not begun yet. This page changes by itself when it does.</p>`
    case 'closing':
      return html`<p>Voting has ended. The last votes are being counted.</p>`
    case 'closed':
      return html`<p>Voting has ended.</p>`
    case 'open':
    case 'deleted':
      return null
  }
}

function joinTexts(texts: readonly string[]): Html {
  return html`${texts.map((text, index) => [
    index === 0 ? '' : index === texts.length - 1 ? ' and ' : ', ',
    html`<strong dir="auto">${text}</strong>`,
  ])}`
}

function describeChoice({ minChoices, maxChoices }: Poll): string {
  if (maxChoices === 1) return 'Choose one'
  if (minChoices === maxChoices) return `Choose ${minChoices}`
  return minChoices === 1 ? `Choose up to ${maxChoices}` : `Choose ${minChoices} to ${maxChoices}`
}

function renderOptions({ live: { poll, tally }, isVisible, canChoose, chosen, ownVote }: Rendering): Html {
  const highest = Math.max(...tally.counts)
  const kind = poll.maxChoices === 1 ? 'radio' : 'checkbox'
  const options = poll.options.map(({ id, text }) => {
    const votes = tally.counts[tally.optionIds.indexOf(id)] ?? 0
    const isWinner = isVisible && tally.resultsFinal && votes === highest && votes > 0
    return html`<li
      class="option${isWinner && ' winner'}${(ownVote?.includes(id) ?? false) && ' mine'}"
      data-option="${id}"
    >
      ${isVisible && renderBar(votes, tally.totalVotes)}
      ${
        canChoose
          ? html`<input
                type="${kind}"
                id="option-${id}"
                name="option"
                value="${id}"
                ${isVisible && html` aria-describedby="numbers-${id}"`}${chosen.includes(id) && html` checked`}
              />
              <label for="option-${id}" dir="auto">${text}</label>`
          : html`<span class="text" dir="auto">${text}</span>`
      }
      ${isVisible && renderNumbers(id, votes, tally.totalVotes)}
    </li>`
  })
  return html`<ol class="options${canChoose && ' choosing'}">
    ${options}
  </ol>`
}

/** As a drawing, because its width may stand in an attribute where the page allows no styles. */
function renderBar(votes: number, totalVotes: number): Html {
  return html`<svg class="bar" aria-hidden="true">
    <rect width="${formatShare(votes, totalVotes)}" height="100%" />
  </svg>`
}

function renderNumbers(id: number, votes: number, totalVotes: number): Html {
  return html`<span class="numbers" id="numbers-${id}"
    ><span class="share">${formatShare(votes, totalVotes)}</span>
    <span class="votes">${formatCount(votes)}<span class="unseen"> votes</span></span></span
  >`
}

function formatCount(count: number): string {
  return count.toLocaleString('en')
}

function formatShare(votes: number, totalVotes: number): string {
  return totalVotes === 0 ? '0%' : `${Math.round((votes / totalVotes) * 100)}%`
}
