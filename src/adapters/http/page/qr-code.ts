import { toString as drawQrCode } from 'qrcode'
import type { PublicAddress } from '../../browsers/foreign-page.ts'
import type { HttpApp } from '../operation.ts'
import { PollParams } from '../poll-schemas.ts'

/** What a host can look like; anything else is nobody's address, and is not drawn. */
const hostForm = /^[\w.:[\]-]{1,255}$/

/** Nobody else reaches a machine by these names. */
const loopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i

/**
 * What links for other people begin with: the public address, else the one that was asked. Whoever sits at the machine itself asks by a name that
 * leads nowhere from a phone, and gets the address of the machine in its network, where it has one.
 */
export function linkBase({ publicUrl, lanUrl = null }: PublicAddress, host = ''): string {
  const asked = `http://${hostForm.test(host) ? host : 'localhost'}`
  const base = publicUrl ?? (loopback.test(host) ? lanUrl : null) ?? asked
  return base.replace(/\/$/, '')
}

/** Where people vote. */
export function votePageUrl(address: PublicAddress, host: string | undefined, pollId: string): string {
  return `${linkBase(address, host)}/p/${pollId}`
}

/** `/p/{id}/qr.svg`: the address of the page on which people vote in this poll, to be scanned. Drawn for any id: it says nothing of the poll. */
export function qrCodeRoute(app: HttpApp, address: PublicAddress): void {
  app.get('/p/:poll_id/qr.svg', { schema: { hide: true, params: PollParams } }, async (request, reply) => {
    const page = votePageUrl(address, request.headers.host, request.params.poll_id)
    const drawn = await drawQrCode(page, { type: 'svg', errorCorrectionLevel: 'M', margin: 2 })
    return reply
      .type('image/svg+xml')
      .header('cache-control', 'private, max-age=3600')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(drawn)
  })
}
