import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createIdentifyVoter, type VoterCredentials } from '../../src/application/cast-vote/identify-voter.ts'
import { createNameVoters } from '../../src/application/cast-vote/name-voters.ts'
import { createVotingCodes } from '../../src/application/voting-codes.ts'
import type { VoterIdentity } from '../../src/domain/poll.ts'
import { isRefused, refuse, type Refused } from '../../src/domain/refusal.ts'
import type { HostTokens } from '../../src/ports/host-tokens.ts'

const dayMs = 24 * 60 * 60 * 1000
const nothing: VoterCredentials = { voterToken: null, sessionCookie: null, requestKey: null }
const old = Buffer.alloc(32, 1)
const current = Buffer.alloc(32, 2)

/** A host whose token is the name that it vouches for, in every poll. */
const trustingHost: Pick<HostTokens, 'subjectOf'> = {
  subjectOf: async (token) => (token === 'forged' ? refuse('token_invalid', 'It is forged.') : token),
}

function start({
  secrets = [current, old],
  now = (): number => 1_900_000_000_000,
  hostTokens = null as Pick<HostTokens, 'subjectOf'> | null,
} = {}) {
  return createIdentifyVoter(
    { voterPepper: Buffer.alloc(32, 3), sessionSecrets: secrets, service: Buffer.alloc(32, 4) },
    { now, hostTokens },
  )
}

const nameVoters = createNameVoters(Buffer.alloc(32, 3))
const votingCodes = createVotingCodes({ voterPepper: Buffer.alloc(32, 3), service: Buffer.alloc(32, 4) })

function pollWith(voterIdentity: VoterIdentity, id = 'poll23456789ab') {
  return { id, voterIdentity }
}

function granted<Value>(value: Value | Refused): Value {
  if (isRefused(value)) throw new Error(value.detail)
  return value
}

describe('a voter', () => {
  const identify = start({ hostTokens: trustingHost })

  test('without a session gets one, and is the same voter with it, by header as by cookie', async () => {
    const poll = pollWith('session')
    const first = granted(await identify.identify(poll, nothing))
    const token = first.newSession?.token ?? ''
    expect(token).not.toBe('')
    for (const shown of [
      { ...nothing, voterToken: token },
      { ...nothing, sessionCookie: token },
    ]) {
      expect(await identify.identify(poll, shown)).toEqual({ voter: first.voter, newSession: null })
      expect(await identify.recognise(poll, shown)).toBe(first.voter)
    }
    expect(granted(await identify.identify(poll, nothing)).voter).not.toBe(first.voter)
  })

  test('has another key in every poll, 16 bytes long', async () => {
    const shown = { ...nothing, voterToken: granted(identify.session(nothing)).token }
    const one = granted(await identify.identify(pollWith('session', 'one'), shown)).voter
    const two = granted(await identify.identify(pollWith('session', 'two'), shown)).voter
    expect(one).toMatch(/^[0-9a-f]{32}$/)
    expect(two).not.toBe(one)
  })

  test('whose first answer was lost with its session is the same voter when the request key comes again', async () => {
    const shown = { ...nothing, requestKey: randomUUID() }
    const first = granted(await identify.identify(pollWith('session'), shown))
    const again = granted(await identify.identify(pollWith('session'), shown))
    expect(again.voter).toBe(first.voter)
    expect(again.newSession?.id).toEqual(first.newSession?.id)
    const later = { ...nothing, sessionCookie: first.newSession?.token ?? '' }
    expect(await identify.recognise(pollWith('session'), later)).toBe(first.voter)
  })

  test('with a session is known by it, whatever the request key', async () => {
    const voterToken = granted(identify.session(nothing)).token
    const one = granted(
      await identify.identify(pollWith('session'), { ...nothing, voterToken, requestKey: randomUUID() }),
    )
    const two = granted(
      await identify.identify(pollWith('session'), { ...nothing, voterToken, requestKey: randomUUID() }),
    )
    expect(two.voter).toBe(one.voter)
  })

  test('of a poll without identity is the request: its key, else nobody else', async () => {
    const poll = pollWith('none')
    const shown = { ...nothing, requestKey: randomUUID() }
    const first = granted(await identify.identify(poll, shown))
    expect(first.newSession).toBeNull()
    expect(granted(await identify.identify(poll, shown)).voter).toBe(first.voter)
    expect(await identify.recognise(poll, shown)).toBe(first.voter)
    expect(await identify.recognise(poll, nothing)).toBeNull()
    const stranger = granted(await identify.identify(poll, nothing))
    expect(granted(await identify.identify(poll, nothing)).voter).not.toBe(stranger.voter)
  })

  test('for whom a host vouches is whom it names, the same as in a bulk vote, and nobody else in another poll', async () => {
    const shown = { ...nothing, voterToken: 'user-42' }
    const known = granted(await identify.identify(pollWith('token'), shown))
    expect(known).toEqual({ voter: nameVoters(pollWith('token').id, ['user-42'])[0], newSession: null })
    expect(await identify.recognise(pollWith('token'), shown)).toBe(known.voter)
    expect(await identify.recognise(pollWith('token', 'another'), shown)).not.toBe(known.voter)
    expect(await identify.recognise(pollWith('token'), { ...nothing, voterToken: 'user-43' })).not.toBe(known.voter)
  })

  test('for whom no host vouches has no vote in a poll of a host, whatever else is shown', async () => {
    const { token } = granted(identify.session(nothing))
    const without = { ...nothing, sessionCookie: token, requestKey: randomUUID() }
    expect(await identify.recognise(pollWith('token'), without)).toBeNull()
    expect(await identify.identify(pollWith('token'), without)).toMatchObject({ refused: 'unauthenticated' })
    const forged = { ...nothing, voterToken: 'forged' }
    expect(await identify.recognise(pollWith('token'), forged)).toMatchObject({ refused: 'token_invalid' })
    expect(await identify.identify(pollWith('token'), forged)).toMatchObject({ refused: 'token_invalid' })
    expect(await start().identify(pollWith('token'), { ...nothing, voterToken: 'user-42' })).toMatchObject({
      refused: 'token_invalid',
    })
  })

  test('of a poll of codes is who shows one of this poll, and nobody else, whatever else is shown', async () => {
    const poll = pollWith('code')
    const [drawn] = votingCodes.draw(poll.id, 1)
    if (drawn === undefined) throw new Error('no code was drawn')
    const { code, voter } = drawn
    const { token } = granted(identify.session(nothing))
    const without = { ...nothing, sessionCookie: token, requestKey: randomUUID() }
    const shown = { ...without, voterToken: code.toLowerCase() }
    expect(await identify.identify(poll, shown)).toEqual({ voter, newSession: null })
    expect(await identify.recognise(poll, shown)).toBe(voter)
    expect(await identify.recognise(poll, without)).toBeNull()
    expect(await identify.identify(poll, without)).toMatchObject({ refused: 'unauthenticated' })
    for (const voterToken of [token, `${code}0`, '']) {
      expect(await identify.recognise(poll, { ...nothing, voterToken })).toMatchObject({ refused: 'token_invalid' })
      expect(await identify.identify(poll, { ...nothing, voterToken })).toMatchObject({ refused: 'token_invalid' })
    }
    const another = pollWith('code', 'another')
    expect(await identify.recognise(another, shown)).toMatchObject({ refused: 'token_invalid' })
  })
})

describe('a session', () => {
  test('is kept when it is shown, and lives on for a year', () => {
    let now = 1_900_000_000_000
    const identify = start({ now: () => now })
    const first = granted(identify.session(nothing))
    expect(first.expiresAt).toBe(now + 365 * dayMs)
    now += 300 * dayMs
    const kept = granted(identify.session({ ...nothing, sessionCookie: first.token }))
    expect(kept.id).toEqual(first.id)
    expect(kept.expiresAt).toBe(now + 365 * dayMs)
  })

  test('is the same for all who ask with the same key, at the same moment or later, and gives way to one that is shown', () => {
    const identify = start()
    const keyed = { ...nothing, requestKey: randomUUID() }
    const [one, other] = [granted(identify.session(keyed)), granted(identify.session(keyed))]
    expect(one.id).toEqual(other.id)
    expect(granted(identify.session({ ...nothing, requestKey: randomUUID() })).id).not.toEqual(one.id)
    const shown = granted(identify.session(nothing))
    expect(granted(identify.session({ ...keyed, sessionCookie: shown.token })).id).toEqual(shown.id)
  })

  test('that has expired is refused in the header and passed over in the cookie', async () => {
    let now = 1_900_000_000_000
    const identify = start({ now: () => now })
    const { token } = granted(identify.session(nothing))
    now += 365 * dayMs
    expect(await identify.recognise(pollWith('session'), { ...nothing, voterToken: token })).toMatchObject({
      refused: 'token_invalid',
    })
    expect(await identify.recognise(pollWith('session'), { ...nothing, sessionCookie: token })).toBeNull()
    now -= 1
    expect(await identify.recognise(pollWith('session'), { ...nothing, voterToken: token })).toBeTypeOf('string')
  })

  test('is refused when any character of it is changed', () => {
    const identify = start()
    const { token } = granted(identify.session(nothing))
    for (const [at, character] of token.split('').entries()) {
      const changed = token.slice(0, at) + (character === 'A' ? 'B' : 'A') + token.slice(at + 1)
      expect(identify.session({ ...nothing, voterToken: changed })).toMatchObject({ refused: 'token_invalid' })
    }
    for (const other of ['', 'x', token.slice(1), `${token}A`, `${token} `]) {
      expect(identify.session({ ...nothing, voterToken: other })).toMatchObject({ refused: 'token_invalid' })
    }
  })

  test('signed with an older secret is still known, one signed with a strange secret is not', () => {
    const { token } = granted(start({ secrets: [old] }).session(nothing))
    const shown = { ...nothing, voterToken: token }
    expect(isRefused(start({ secrets: [current, old] }).session(shown))).toBe(false)
    expect(start({ secrets: [current] }).session(shown)).toMatchObject({ refused: 'token_invalid' })
  })

  test('of the header wins over that of the cookie', async () => {
    const identify = start()
    const [one, two] = [granted(identify.session(nothing)), granted(identify.session(nothing))]
    const both = { ...nothing, voterToken: one.token, sessionCookie: two.token }
    expect(await identify.recognise(pollWith('session'), both)).toBe(
      await identify.recognise(pollWith('session'), { ...nothing, voterToken: one.token }),
    )
  })
})
