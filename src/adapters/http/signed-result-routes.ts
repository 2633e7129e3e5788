import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import { RESULT_KEYS_PATH, type ResultKeys } from '../../application/result-keys.ts'
import type { SignResult } from '../../application/sign-result.ts'
import type { SignedPoll } from '../../application/sign-snapshot.ts'
import { isRefused, refuse } from '../../domain/refusal.ts'
import { isSameForEverybody } from '../../domain/tally.ts'
import { conditionalHeaders, sendRendered } from './conditional.ts'
import { readReader } from './credentials.ts'
import { anybody, describeOperation, type HttpApp, reader, readRefusals } from './operation.ts'
import type { RenderedPoll } from './poll-body.ts'
import type { ReadPollRoutesParts } from './poll-routes.ts'
import { PollParams } from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'
import { KeyParams, ResultKeysBody, SignedResultBody, signedResultDescription } from './signed-result-schemas.ts'

export type SignedResultRoutesParts = Pick<ReadPollRoutesParts, 'address' | 'isStopping'> & {
  readonly signResult: SignResult
  readonly resultKeys: Pick<ResultKeys, 'published'>
}

/** A key that is replaced is published for as long as its results shall be good, so nobody has to hear of it at once. */
const keysMaxAgeSeconds = 300

/** Final results under the service's signature, and the keys that prove it. */
export function signedResultRoutes(app: HttpApp, parts: SignedResultRoutesParts): void {
  addSignedResultRoute(app, parts)
  addKeySetRoute(app, parts)
  addKeyRoute(app, parts)
}

function addSignedResultRoute(app: HttpApp, { signResult, address, isStopping }: SignedResultRoutesParts): void {
  app.get(
    '/polls/:poll_id/results/signed',
    {
      schema: {
        ...describeOperation({
          operationId: 'getSignedResult',
          tags: ['Polls'],
          summary: 'The final result, signed',
          description: signedResultDescription,
          security: reader,
          refusals: [...readRefusals, 'poll_not_final', 'votes_pruned'],
        }),
        params: PollParams,
        response: { 200: SignedResultBody, 304: Type.Null({ description: 'Nothing has changed.' }) },
      },
    },
    async (request, reply) => {
      const shown = readReader(app, request, address)
      if (isRefused(shown)) return sendRefusal(reply, shown)
      const signed = await signResult.run(request.params.poll_id, shown)
      if (isRefused(signed)) return sendRefusal(reply, signed)
      sendRendered(request, reply.hijack().raw, render(signed), isStopping())
    },
  )
}

function render({ poll, text }: SignedPoll): RenderedPoll {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
  return { json: text, etag, headers: conditionalHeaders(text, etag, isSameForEverybody(poll)) }
}

const about = { tags: ['Polls'], security: anybody }
const keysCacheControl = `public, max-age=${keysMaxAgeSeconds}`

function addKeySetRoute(app: HttpApp, { resultKeys }: SignedResultRoutesParts): void {
  const keys = resultKeys.published.map(({ id, jwk }) => ({ ...jwk, kid: id, use: 'sig', alg: 'EdDSA' }) as const)
  app.get(
    RESULT_KEYS_PATH,
    {
      schema: {
        ...describeOperation({
          ...about,
          operationId: 'getResultKeys',
          summary: 'The keys that results are signed with',
          description:
            'Whoever trusts a key should have it from before, or from elsewhere: who serves a forged result serves a forged key.',
          refusals: [],
        }),
        response: { 200: ResultKeysBody },
      },
    },
    async (_request, reply) => reply.header('cache-control', keysCacheControl).send({ keys }),
  )
}

function addKeyRoute(app: HttpApp, { resultKeys }: SignedResultRoutesParts): void {
  const pems = new Map(resultKeys.published.map(({ id, pem }) => [id, pem]))
  app.get(
    '/.well-known/tallycast/result-keys/:key_id',
    {
      schema: {
        ...describeOperation({
          ...about,
          operationId: 'getResultKey',
          summary: 'One of these keys in PEM, as openssl reads it',
          refusals: ['key_not_found'],
        }),
        params: KeyParams,
        response: {
          200: {
            description: 'The public key.',
            content: { 'application/x-pem-file': { schema: { type: 'string' } } },
          },
        },
      },
    },
    async (request, reply) => {
      const pem = pems.get(request.params.key_id)
      if (pem === undefined) return sendRefusal(reply, noSuchKey)
      return reply.header('cache-control', keysCacheControl).type('application/x-pem-file').send(pem)
    },
  )
}

const noSuchKey = refuse('key_not_found', 'This service signs no results with such a key.')
