import type { FastifyReply } from 'fastify'
import type { ServerResponse } from 'node:http'

/** How long a client may take for all of them, and for what was written before the next one is asked for. */
export type PieceLimits = { readonly durationMsMax: number; readonly pieceMsMax: number }

/**
 * Sends an answer piece by piece, each asked for only when the client has taken nearly all before it, and leaves its end to the caller.
 * Resolves when the last one is on its way, or the client is gone, or a limit is reached and the connection cut. What fails before
 * the first piece is thrown while any answer can still be given; after that the connection is cut too, so that nobody takes a half for
 * the whole.
 */
export async function sendPieces(
  reply: FastifyReply,
  headers: Readonly<Record<string, string>>,
  pieces: AsyncIterable<string>,
  { durationMsMax, pieceMsMax }: PieceLimits,
): Promise<void> {
  const { raw } = reply
  const late = setTimeout(() => raw.destroy(), durationMsMax)
  try {
    for await (const piece of pieces) {
      if (raw.destroyed) return
      if (!raw.headersSent) beginAnswer(reply, headers)
      if (!raw.write(piece)) await haveRoom(raw, pieceMsMax)
    }
  } catch (fault) {
    if (raw.headersSent) raw.destroy()
    throw fault
  } finally {
    clearTimeout(late)
  }
}

/** From here on the answer is past Fastify, which would read ahead of the client. */
function beginAnswer(reply: FastifyReply, headers: Readonly<Record<string, string>>): void {
  const { raw } = reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.on('error', ignoreLostConnection)
  raw.writeHead(200, headers)
}

/** A connection that breaks is the client's way to leave; `close` follows and does what is to be done. */
function ignoreLostConnection(): void {}

/** Resolves when the client has taken what was written, or is gone, as is who takes too long. */
async function haveRoom(raw: ServerResponse, pieceMsMax: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const late = setTimeout(() => raw.destroy(), pieceMsMax)
  raw.once('drain', resolve).once('close', resolve)
  await promise
  clearTimeout(late)
  raw.off('drain', resolve).off('close', resolve)
}
