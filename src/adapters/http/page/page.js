// Brings the page to life: votes without leaving it, and bars that move. Whatever it cannot do, the page does without it.
import { codeHeaders, dressCode, hasUsedCode, keepCode, takeCode, typedCode } from './code.js'
import { followPoll } from './live.js'
import { beginManaging, getTicket } from './manage.js'
import { sendVote } from './vote.js'

/** Screen readers hear of the counts at most this often. */
const announceEveryMs = 10_000
/** When a poll changes, all its viewers read the page again: spread over this time. */
const renewSpreadMs = 1_500
const sayWaitingAfterMs = 1_500

const poll = () => document.getElementById('poll')
const asksForCode = () => poll().dataset.identity === 'code'
const find = (id) => document.getElementById(id)
const count = (number) => number.toLocaleString('en')

let newest = null
let renewing = 0
let isBusy = false

function show(message) {
  const main = poll()
  if (main === null) return
  const known = Number(main.dataset.version)
  if (message.version !== null && message.version < known) return
  newest = message
  managing?.show(message)
  if (message.revision > Number(main.dataset.revision)) return renewSoon()
  if (message.version === null || main.dataset.visible !== 'yes') {
    if (message.version !== null) renewSoon()
    return
  }
  main.dataset.version = message.version
  for (const { id, votes } of message.options) showOption(main.querySelector(`[data-option="${id}"]`), votes, message)
  find('total').textContent = count(message.total_votes)
  find('total-word').textContent = message.total_votes === 1 ? 'vote' : 'votes'
  announceSoon()
}

function showOption(row, votes, { total_votes: total }) {
  if (row === null) return
  const share = total === 0 ? '0%' : `${Math.round((votes / total) * 100)}%`
  row.querySelector('rect').setAttribute('width', share)
  row.querySelector('.share').textContent = share
  row.querySelector('.votes').firstChild.data = count(votes)
}

let announcing = 0

function announceSoon() {
  if (announcing !== 0) return
  announcing = setTimeout(() => {
    announcing = 0
    const rows = [...document.querySelectorAll('.option')]
    const votes = (row) => newest.options.find((option) => String(option.id) === row.dataset.option)?.votes ?? 0
    const [first] = rows.toSorted((a, b) => votes(b) - votes(a))
    const text = first.querySelector('label, .text').textContent
    find('announcer').textContent =
      `${count(newest.total_votes)} ${newest.total_votes === 1 ? 'vote' : 'votes'}. First: ${text}, ${first.querySelector('.share').textContent}.`
  }, announceEveryMs)
}

/** The definition or the reader's rights have changed: the server knows how that looks. */
function renewSoon() {
  if (renewing !== 0) return
  renewing = setTimeout(() => {
    renewing = 0
    if (isBusy) renewSoon()
    // Offline: the first message after the next connection asks for it again.
    else renew().catch(() => {})
  }, Math.random() * renewSpreadMs)
}

async function renew(keepsChoice = true) {
  clearTimeout(renewing)
  renewing = 0
  const response = await fetch(`${location.pathname}${location.search}`, {
    headers: { accept: 'text/html', ...managing?.headers, ...codeHeaders() },
  })
  if (response.status >= 500) return renewSoon()
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  const fresh = page.querySelector('main')
  const focused = document.activeElement?.id
  const chosen = keepsChoice ? chosenIds() : []
  poll().replaceWith(document.adoptNode(fresh))
  document.title = page.title
  if (fresh.id !== 'poll') return managing?.remove()
  dress()
  sayState()
  if (fresh.dataset.voted === 'no')
    for (const id of chosen) if (find(`option-${id}`)) find(`option-${id}`).checked = true
  if (focused) find(focused)?.focus({ preventScroll: true })
  if (newest !== null && newest.revision === Number(fresh.dataset.revision)) show(newest)
}

function chosenIds() {
  return [...document.querySelectorAll('#form input[name=option]:checked')].map((input) => Number(input.value))
}

function dress() {
  for (const time of document.querySelectorAll('time')) {
    const options = { dateStyle: 'medium', timeStyle: 'short' }
    time.textContent = new Intl.DateTimeFormat(undefined, options).format(new Date(time.dateTime))
  }
  dressCode()
  find('form')?.addEventListener('submit', (event) => {
    event.preventDefault()
    vote(event.submitter?.value ?? 'cast').catch(() =>
      notice('problem', 'Something went wrong. Please read the page again.'),
    )
  })
}

async function vote(kind) {
  if (isBusy) return
  const optionIds = chosenIds()
  if (optionIds.length === 0 && kind !== 'retract') return notice('problem', 'Please choose something first.')
  const code = asksForCode() ? typedCode() : ''
  if (asksForCode() && code === '') {
    find('code').focus()
    return notice('problem', 'Please enter your voting code.')
  }
  isBusy = true
  setBusy(true)
  const answer = await sendVote(poll().dataset.id, kind, optionIds, codeHeaders(code), () =>
    notice('', 'Still sending…'),
  )
  isBusy = false
  setBusy(false)
  const hasVoted = answer.isAccepted || ['already_voted', 'code_used'].includes(answer.code)
  if (!hasVoted) return notice('problem', answer.detail)
  keepCode(code)
  if (poll().dataset.identity === 'none') history.replaceState(null, '', `${location.pathname}?voted`)
  const wasVisible = poll().dataset.visible
  await renew(false)
  if (!answer.isAccepted) notice('problem', answer.detail)
  else if (kind === 'retract') notice('voted', 'Your vote was taken back.')
  // The button that had the focus may be gone; the outcome is what matters now.
  find('notice')?.focus({ preventScroll: true })
  if (wasVisible !== 'yes' || kind === 'retract') live.restart()
}

function setBusy(isSending) {
  for (const button of document.querySelectorAll('#form button')) {
    button.setAttribute('aria-disabled', String(isSending))
    button.classList.toggle('sending', isSending)
  }
}

function notice(kind, text) {
  const line = document.createElement('p')
  line.className = kind
  line.setAttribute('role', kind === 'problem' ? 'alert' : 'status')
  line.textContent = text
  find('notice').replaceChildren(line)
  if (kind === 'problem') line.scrollIntoView({ block: 'nearest' })
}

let state = 'waiting'
let saying = 0

function showState(next) {
  if (next === 'gone') return renewSoon()
  state = next
  clearTimeout(saying)
  if (state === 'live') sayState()
  else saying = setTimeout(sayState, sayWaitingAfterMs)
}

function sayState() {
  const main = poll()
  if (main === null) return
  const line = find('connection')
  const moves = main.dataset.visible === 'yes' && main.dataset.final === 'no'
  line.hidden = state === 'live' && !moves
  line.className = state
  line.textContent = state === 'live' ? 'Live' : 'Connecting again…'
}

if (location.search === '?voted' && poll().dataset.identity !== 'none')
  history.replaceState(null, '', location.pathname)
takeCode()
// Who is on the page already and follows a link with a code reads no new page: the browser only tells of the address.
window.addEventListener('hashchange', () => {
  if (takeCode()) renew(false).catch(renewSoon)
})
// Whoever manages the poll sees more than the page that came.
const pollId = poll().dataset.id
const managing = await beginManaging(pollId, () => renew())
if (managing === null) dress()
else await renew().catch(dress)
const live = followPoll(pollId, {
  onMessage: show,
  onState: showState,
  getTicket: async () => managing?.getTicket() ?? (hasUsedCode() ? getTicket(pollId, codeHeaders()) : null),
})
