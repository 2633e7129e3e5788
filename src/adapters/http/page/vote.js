// Sends a vote until it is known to count: however often the network fails, it is the same vote with the same key.

const attemptsMax = 6
const firstWaitMs = 400
const longestWaitMs = 8_000
const answerWithinMs = 10_000
const methods = { cast: 'POST', change: 'PUT', retract: 'DELETE' }

/** The choice that was sent last, and its key: sending the same choice again is the same vote. */
let attempt = { choice: '', key: '' }

/**
 * @param {string} pollId
 * @param {'cast' | 'change' | 'retract'} kind
 * @param {number[]} optionIds
 * @param {Record<string, string>} shown of the voter, where a cookie does not say who it is
 * @param {() => void} onDelay told when it takes longer than it should
 * @returns {Promise<{ isAccepted: boolean, code: string, detail: string }>}
 */
export async function sendVote(pollId, kind, optionIds, shown, onDelay) {
  const choice = JSON.stringify([kind, optionIds, shown])
  if (attempt.choice !== choice) attempt = { choice, key: randomKey() }
  let answer = { isAccepted: false, code: 'unreachable', detail: 'Your vote could not be sent. Please try again.' }
  for (let number = 0; number < attemptsMax; number += 1) {
    const { retryMs, ...given } = await sendOnce(pollId, kind, optionIds, { ...shown, 'idempotency-key': attempt.key })
    answer = given
    if (retryMs === null) break
    onDelay()
    const ceiling = Math.min(longestWaitMs, firstWaitMs * 2 ** number)
    await new Promise((resolve) => {
      setTimeout(resolve, retryMs + Math.random() * ceiling)
    })
  }
  // What was answered is settled; the next vote is another one.
  if (answer.isAccepted) attempt = { choice: '', key: '' }
  return answer
}

/** `retryMs` is null where trying again is no use. */
async function sendOnce(pollId, kind, optionIds, headers) {
  try {
    const response = await fetch(`/polls/${encodeURIComponent(pollId)}/vote`, {
      method: methods[kind],
      headers: { ...headers, ...(kind === 'retract' ? {} : { 'content-type': 'application/json' }) },
      body: kind === 'retract' ? null : JSON.stringify({ option_ids: optionIds }),
      signal: AbortSignal.timeout(answerWithinMs),
    })
    const body = await response.json()
    if (response.status === 202) return { isAccepted: true, code: '', detail: '', retryMs: null }
    const mayPass = response.status === 429 || response.status >= 500
    const retryMs = mayPass ? Number(response.headers.get('retry-after') ?? 0) * 1000 : null
    return { isAccepted: false, code: body.code, detail: body.detail, retryMs }
  } catch {
    const detail = 'The connection was lost. Please check it and try again.'
    return { isAccepted: false, code: 'unreachable', detail, retryMs: 0 }
  }
}

/** 144 random bits. (`crypto.randomUUID` does not exist on a page that came over plain http, as in a local network.) */
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(18))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}
