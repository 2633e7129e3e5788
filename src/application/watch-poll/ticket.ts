import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { VoterKey } from '../../domain/vote.ts'
import { createKeyedHash } from '../keyed-hash.ts'

/** What a ticket lets its bearer be, for one poll: its organiser, or this voter. */
export type TicketHolder = { readonly is: 'organiser' } | { readonly is: 'voter'; readonly voter: VoterKey }

export type Ticket = { readonly ticket: string; readonly expiresAt: number }

export type Tickets = {
  issue(pollId: string, holder: TicketHolder): Ticket
  /** Null for anything that this service did not issue for this poll, or that has expired. */
  open(ticket: string, pollId: string): TicketHolder | null
}

const ticketLifeMs = 10 * 60 * 1000
/** 1 carried the session of a voter. */
const formatVersion = 2
const nonceBytes = 12
const tagBytes = 16
const ticketCharactersMax = 1024

/**
 * Tickets for live channels where neither cookie nor header can go along. They travel in URLs, which end up in histories and
 * logs, so what they carry is encrypted, and they are worth nothing after ten minutes. `now` gives milliseconds since 1970.
 */
export function createTickets(serviceSecret: Uint8Array, now: () => number = Date.now): Tickets {
  const key = createKeyedHash(serviceSecret, 'ticket')('key')

  return {
    issue(pollId, holder) {
      const expiresAt = now() + ticketLifeMs
      const plain = JSON.stringify({ ...holder, expiresAt })
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(boundTo(pollId))
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      const ticket = Buffer.concat([Buffer.of(formatVersion), nonce, cipher.getAuthTag(), sealed])
      return { ticket: ticket.toString('base64url'), expiresAt }
    },
    open(ticket, pollId) {
      const bytes = Buffer.from(ticket, 'base64url')
      const head = 1 + nonceBytes + tagBytes
      if (ticket.length > ticketCharactersMax || bytes.length <= head || bytes[0] !== formatVersion) return null
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + nonceBytes))
      decipher.setAAD(boundTo(pollId)).setAuthTag(bytes.subarray(1 + nonceBytes, head))
      const plain = decipher.update(bytes.subarray(head))
      try {
        // What the tag vouches for was written by `issue`.
        const content = JSON.parse(plain.toString('utf8') + decipher.final('utf8')) as TicketHolder & {
          expiresAt: number
        }
        if (content.expiresAt <= now()) return null
        return content.is === 'organiser' ? { is: 'organiser' } : { is: 'voter', voter: content.voter }
      } catch {
        return null
      }
    },
  }
}

function boundTo(pollId: string): Buffer {
  return Buffer.from(`ticket 1 ${pollId}`)
}
