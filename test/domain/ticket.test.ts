import { expect, test } from 'vitest'
import { createTickets } from '../../src/application/watch-poll/ticket.ts'
import { voterNumber } from '../support/some-votes.ts'

const secret = Buffer.alloc(32, 1)
const now = 1_700_000_000_000
const voter = voterNumber(7)

test('a ticket opens for its poll until it expires', () => {
  let time = now
  const tickets = createTickets(secret, () => time)
  const ofVoter = tickets.issue('poll1', { is: 'voter', voter })
  const organiser = tickets.issue('poll1', { is: 'organiser' })
  expect(ofVoter.expiresAt).toBe(now + 600_000)
  expect(tickets.open(ofVoter.ticket, 'poll1')).toEqual({ is: 'voter', voter })
  expect(tickets.open(organiser.ticket, 'poll1')).toEqual({ is: 'organiser' })
  expect(tickets.open(ofVoter.ticket, 'poll2')).toBeNull()
  time = now + 599_999
  expect(tickets.open(ofVoter.ticket, 'poll1')).not.toBeNull()
  time = now + 600_000
  expect(tickets.open(ofVoter.ticket, 'poll1')).toBeNull()
})

test('a ticket with any bit changed, of another secret, or made up is nothing', () => {
  const tickets = createTickets(secret, () => now)
  const { ticket } = tickets.issue('poll1', { is: 'organiser' })
  const bytes = Buffer.from(ticket, 'base64url')
  for (let at = 0; at < bytes.length * 8; at += 1) {
    const changed = Buffer.from(bytes)
    changed[at >> 3]! ^= 1 << (at & 7) // within the bytes by the loop's bound
    expect(tickets.open(changed.toString('base64url'), 'poll1')).toBeNull()
  }
  expect(createTickets(Buffer.alloc(32, 2), () => now).open(ticket, 'poll1')).toBeNull()
  for (const made of ['', 'x', '%%%', 'A'.repeat(64), 'A'.repeat(100_000)])
    expect(tickets.open(made, 'poll1')).toBeNull()
})

test('what a ticket stands for cannot be read from it', () => {
  const tickets = createTickets(secret, () => now)
  const { ticket } = tickets.issue('poll1', { is: 'voter', voter })
  expect(Buffer.from(ticket, 'base64url').toString('latin1')).not.toContain(voter)
})
