// The organiser's bar: says where the poll stands, opens, closes and resets it. Only whoever came with the manage token has it.

const answerWithinMs = 20_000
/** Anything else could not be sent. */
const tokenForm = /^[\w.~+/-]+=*$/
const steps = {
  open: { name: 'Open', doing: 'Opening…', from: ['draft', 'scheduled'] },
  close: { name: 'Close', doing: 'Closing…', from: ['open'] },
  reset: { name: 'Reset', doing: 'Resetting…', from: ['open', 'closing', 'closed'] },
}
const standings = {
  draft: 'Not open yet. Open it when you are ready.',
  scheduled: 'Not open yet. It opens by itself at its time.',
  open: 'Open. People can vote now.',
  closing: 'Closing. The last votes are being counted.',
  closed: 'Closed. The result is final.',
}
const visibilities = {
  always: '',
  after_vote: 'Others see the result once they have voted. You see it now.',
  after_close: 'Others see the result when the poll has closed. You see it now.',
  never: 'Only you see the result.',
}

/**
 * The token that the address brought; out of the address at once, and kept for as long as this tab is open.
 * @param {string} pollId
 * @returns {string | null}
 */
function takeToken(pollId) {
  const name = `manage ${pollId}`
  const given = /^#manage=(.+)/.exec(location.hash)?.[1]
  if (given) history.replaceState(null, '', `${location.pathname}${location.search}`)
  // Where the browser keeps nothing, the token lasts until the page is read again.
  try {
    if (given) sessionStorage.setItem(name, given)
    return given ?? sessionStorage.getItem(name)
  } catch {
    return given ?? null
  }
}

function forgetToken(pollId) {
  try {
    sessionStorage.removeItem(`manage ${pollId}`)
  } catch {
    // Nothing is kept there.
  }
}

/** Who is on the page already and follows the link reads no new page: the browser only tells of the address. */
function watchAddress(pollId) {
  window.addEventListener('hashchange', () => {
    if (location.hash.startsWith('#manage=') && takeToken(pollId) !== null) location.reload()
  })
}

/**
 * Null for everybody but the organiser. `headers` show who asks, `getTicket` lets a live channel show it.
 * @param {string} pollId
 * @param {() => Promise<void>} onChanged waited for, so that the page agrees with what the bar says
 */
export async function beginManaging(pollId, onChanged) {
  watchAddress(pollId)
  const token = takeToken(pollId)
  if (token === null) return null
  const headers = { authorization: `Bearer ${token}` }
  const call = (method, path) => send(method, `/polls/${encodeURIComponent(pollId)}${path}`, headers)
  const bar = createBar(async (step) => {
    const answer = await call('POST', `/${step}`)
    if (answer.isDone) await onChanged()
    return answer
  })
  const first = tokenForm.test(token) ? await call('GET', '') : { isRefused: true }
  if (first.isRefused) {
    forgetToken(pollId)
    bar.refuse()
    return null
  }
  if (first.isDone) bar.take(first.body)
  else bar.say('problem', first.detail)

  async function refresh() {
    const { isDone, body } = await call('GET', '')
    if (!isDone) return
    bar.say('problem', '')
    bar.take(body)
  }
  return {
    headers,
    getTicket: () => getTicket(pollId, headers),
    show: ({ revision }) => void (revision > bar.revision() && refresh()),
    remove: () => bar.remove(),
  }
}

/**
 * Lets a live channel show what these headers show. Rejects where it cannot be had now.
 * @param {string} pollId
 * @param {Record<string, string>} headers
 * @returns {Promise<string>}
 */
export async function getTicket(pollId, headers) {
  const { isDone, body, detail } = await send('POST', `/polls/${encodeURIComponent(pollId)}/ticket`, headers)
  if (!isDone) throw new Error(detail)
  return body.ticket
}

async function send(method, path, headers) {
  try {
    // What everybody may see may be cached for a second; the news that we ask for because of a message would be hidden by it.
    const cache = 'no-store'
    const response = await fetch(path, { method, headers, cache, signal: AbortSignal.timeout(answerWithinMs) })
    const body = await response.json()
    const isRefused = response.status === 401 || response.status === 403
    return { isDone: response.ok, isRefused, body, detail: body.detail ?? '' }
  } catch {
    const detail = 'The service could not be reached. Please check the connection and try again.'
    return { isDone: false, isRefused: false, body: null, detail }
  }
}

/** @param {(step: string) => Promise<{ isDone: boolean, body: object, detail: string }>} take */
function createBar(take) {
  const standing = make('p', { id: 'manage-standing', tabIndex: -1 })
  const visibility = make('p', { className: 'soft' })
  const said = make('p', { className: 'said' })
  const problem = make('p', { className: 'problem' })
  standing.setAttribute('aria-live', 'polite')
  said.setAttribute('role', 'status')
  problem.setAttribute('role', 'alert')
  const buttons = Object.entries(steps).map(([step, { name }]) => {
    const wish = () => (step === 'reset' ? ask(true) : run(step))
    return { step, button: makeButton(name, step === 'open' ? '' : 'quiet', wish) }
  })
  const actions = make('div', { className: 'manage-actions' }, ...buttons.map(({ button }) => button))
  const keep = makeButton('Keep it', 'quiet', () => ask(false))
  const confirm = make(
    'div',
    { className: 'confirm', hidden: true },
    make('p', {}, 'Begin a new round? The votes so far no longer count in the result, and everybody may vote again.'),
    make(
      'div',
      { className: 'manage-actions' },
      makeButton('Yes, reset', 'danger', () => run('reset')),
      keep,
    ),
  )
  const title = make('h2', { id: 'manage-title' }, 'You manage this poll')
  const present = make('a', { href: `${location.pathname}/present` }, 'Show it on the big screen')
  const words = make('div', { className: 'manage-words' }, title, standing, visibility, present)
  const bar = make('section', { id: 'manage' }, words, actions, confirm, said, problem)
  bar.setAttribute('aria-labelledby', title.id)
  bar.addEventListener('keydown', ({ key }) => key === 'Escape' && !confirm.hidden && ask(false))
  document.querySelector('main').before(bar)
  let poll = null
  let isBusy = false

  function say(kind, text) {
    said.textContent = kind === 'said' ? text : ''
    problem.textContent = kind === 'problem' ? text : ''
  }

  /** Whatever had the focus may be gone; then it stays near, where the bar says how things stand. */
  function changing(change) {
    const focused = document.activeElement
    change()
    if (bar.contains(focused) && focused.closest('[hidden]') !== null) standing.focus({ preventScroll: true })
  }

  function ask(isAsking) {
    confirm.hidden = !isAsking
    actions.hidden = isAsking
    say('said', '')
    const next = isAsking ? keep : buttons.find(({ step }) => step === 'reset').button
    next.focus({ preventScroll: true })
  }

  function show() {
    standing.textContent = standings[poll.status]
    const isPublic = poll.status === 'closed' && poll.results_visibility !== 'never'
    visibility.textContent = isPublic ? '' : visibilities[poll.results_visibility]
    for (const { step, button } of buttons) button.hidden = !steps[step].from.includes(poll.status)
  }

  async function run(step) {
    if (isBusy) return
    isBusy = true
    bar.setAttribute('aria-busy', 'true')
    say('said', steps[step].doing)
    const { isDone, body, detail } = await take(step)
    isBusy = false
    bar.removeAttribute('aria-busy')
    changing(() => {
      confirm.hidden = true
      actions.hidden = false
      if (isDone) takePoll(body)
    })
    say('problem', isDone ? '' : detail)
  }

  function takePoll(next) {
    if (poll !== null && next.revision < poll.revision) return
    poll = next
    changing(show)
  }

  for (const { button } of buttons) button.hidden = true
  return {
    take: takePoll,
    say,
    revision: () => poll?.revision ?? 0,
    refuse() {
      title.textContent = 'This link does not manage this poll'
      say('problem', 'Its token is another poll’s, or was not copied completely. You can still vote and watch here.')
    },
    remove: () => bar.remove(),
  }
}

function makeButton(name, className, run) {
  const button = make('button', { type: 'button', className }, name)
  button.addEventListener('click', run)
  return button
}

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}
