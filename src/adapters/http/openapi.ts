import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { Refusal } from '../../domain/refusal.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { sessionCookie } from './credentials.ts'
import { type PagePolicy, protectPages } from './html-headers.ts'
import { type HttpApp, refusalsKey } from './operation.ts'
import { MALFORMED, PROBLEMS, problemType, typeOfProblem } from './problems.ts'

const description = `Polls that count every vote exactly once and show it at once.

Every error is a problem as in RFC 9457; \`code\` is the stable word for programs. 503 and 429 say in \`Retry-After\` when
to come back; 429 also says in \`RateLimit\` and \`RateLimit-Policy\` (draft-ietf-httpapi-ratelimit-headers-10) which limit was reached. Every write may be repeated: a vote counts once, with the same answer.

Pages of every origin may call this, without credentials. A cookie that such a page makes a browser send is as if it were not
there, and none is set: the first vote answers with a \`voter_token\`, to be sent as \`Voter-Token\` from then on.

What HTTP itself does not allow is refused alike at every address, and the connection closed: 400 \`bad_request\`, 408
\`request_timeout\`, 417 \`expectation_failed\`, 431 \`headers_too_large\`. Addresses that are not here are 404
\`route_not_found\`, methods that an address does not take 405 \`method_not_allowed\`.
Whoever sends many requests at once on one connection is told 503 \`overloaded\` beyond the first few dozen.`

const problemSchema = {
  type: 'object',
  description: 'An RFC 9457 problem.',
  properties: {
    type: { type: 'string', format: 'uri-reference', examples: ['/problems/option_unknown'] },
    title: { type: 'string' },
    status: { type: 'integer', examples: [422] },
    code: {
      type: 'string',
      enum: [...Object.keys(PROBLEMS), ...Object.keys(MALFORMED), 'internal'],
      description: 'The stable word for programs.',
    },
    detail: { type: 'string', description: 'For the person who reads it.' },
    errors: {
      type: 'array',
      description: 'The wrong fields.',
      items: {
        type: 'object',
        properties: {
          pointer: { type: 'string', description: 'A JSON Pointer into the body.', examples: ['/option_ids/0'] },
          detail: { type: 'string' },
        },
        required: ['pointer', 'detail'],
      },
    },
    request_id: { type: 'string', description: 'Also the answer’s `X-Request-Id`.' },
  },
  required: ['type', 'title', 'status', 'code', 'detail', 'request_id'],
}

/** Only what the page itself brings: it calls this service alone, over http as well as https. */
const docsPolicy: PagePolicy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  // What it draws, it styles in place.
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'form-action': ["'none'"],
  'base-uri': ["'none'"],
}

/** The bar on top is another product's, and offers to describe other services. */
const pageTheme = {
  title: 'Tallycast API',
  css: [{ filename: 'theme.css', content: '.swagger-ui .topbar { display: none }' }],
}

type JsonObject = { [name: string]: unknown }

/** Describes all routes that are added after this at /openapi.json, and shows them at /docs, where each can be tried. */
export function describeRoutes(app: HttpApp, version: string, address: PublicAddress): void {
  const refusals = new Map<string, readonly Refusal[]>()
  app.addHook('onRoute', ({ schema }) => {
    if (schema?.operationId === undefined || !(refusalsKey in schema)) return
    // Only `describeOperation` writes this key, and it writes refusals.
    refusals.set(schema.operationId, schema[refusalsKey] as readonly Refusal[])
  })
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Tallycast', version, description, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/', description: 'This server' }],
      tags: [
        { name: 'Votes', description: 'For voters.' },
        { name: 'Polls', description: 'For organisers and everybody who reads.' },
        { name: 'Life cycle', description: 'For organisers.' },
        { name: 'Live', description: 'For viewers.' },
        { name: 'Health', description: 'For whoever runs it.' },
      ],
      components: {
        // The plugin's types know OpenAPI 3.0; this is JSON Schema as 3.1 has it.
        schemas: { Problem: problemSchema as never },
        securitySchemes: {
          manageToken: {
            type: 'http',
            scheme: 'bearer',
            description: 'The `manage_token` of the poll: good for that poll alone.',
          },
          apiKey: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API key, `tck_…`, with the scope that the operation names: `polls:write` manages the polls that the key created, `polls:read` sees them as their organiser does, `votes:write` brings votes in bulk, `admin` does everything. ADMIN_TOKEN is the first key, with every scope.',
          },
          voterToken: {
            type: 'apiKey',
            in: 'header',
            name: 'Voter-Token',
            description:
              'From `POST /session`. In polls whose `voter_identity` is `token`: a JWT of the host application, with `sub` (your name for the voter), `poll_id`, `aud` and an `exp` that is near. In those whose `voter_identity` is `code`: a voting code; hyphens, spaces and small letters do not matter.',
          },
          sessionCookie: {
            type: 'apiKey',
            in: 'cookie',
            name: sessionCookie,
            description: 'Set by the first vote on a page of this service, and counts there alone.',
          },
        },
      },
    },
    transformObject: (made) => {
      if (!('openapiObject' in made)) return made.swaggerObject
      // The plugin hands over what it has just built: plain JSON.
      addProblems(made.openapiObject.paths as JsonObject, refusals)
      return made.openapiObject
    },
  })
  // A scope of its own, for what its pages and files bear.
  app.register(async (docs: HttpApp) => {
    await protectPages(docs, () => docsPolicy, address)
    docs.register(swaggerUi, {
      routePrefix: '/docs',
      uiConfig: { tryItOutEnabled: true, displayRequestDuration: true, validatorUrl: null, persistAuthorization: true },
      theme: pageTheme,
    })
  })
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    return reply.header('cache-control', 'public, max-age=60').send(app.swagger())
  })
}

/** Every operation says which problems it can answer, grouped by status, with an example of each code. */
function addProblems(paths: JsonObject, refusals: ReadonlyMap<string, readonly Refusal[]>): void {
  for (const path of Object.values(paths)) {
    for (const operation of Object.values(path as JsonObject)) {
      const { operationId, responses } = operation as { operationId?: string; responses?: JsonObject }
      if (operationId === undefined || responses === undefined) continue
      for (const [status, codes] of groupByStatus(refusals.get(operationId) ?? [])) {
        responses[status] = describeResponse(status, codes)
      }
      responses['500'] = { description: 'A fault of the service.', content: problemContent({}) }
    }
  }
}

function groupByStatus(refusals: readonly Refusal[]): ReadonlyMap<string, readonly Refusal[]> {
  return Map.groupBy(new Set(refusals), (refusal) => String(PROBLEMS[refusal].status))
}

function describeResponse(status: string, codes: readonly Refusal[]): JsonObject {
  const examples = Object.fromEntries(
    codes.map((code) => [code, { summary: PROBLEMS[code].title, value: exampleOf(code) }]),
  )
  const response = { description: codes.map((code) => `\`${code}\``).join(', '), content: problemContent({ examples }) }
  if (status !== '503' && status !== '429') return response
  const schema = { type: 'integer', description: 'Seconds after which the same request may succeed.' }
  const retryAfter = { 'Retry-After': { schema } }
  return { ...response, headers: status === '429' ? { ...retryAfter, ...limitHeaders } : retryAfter }
}

const limitHeaders = {
  RateLimit: { schema: { type: 'string', examples: ['"voter";r=0;t=1'] } },
  'RateLimit-Policy': { schema: { type: 'string', examples: ['"voter";q=60;w=60'] } },
}

function problemContent(more: JsonObject): JsonObject {
  return { [problemType]: { schema: { $ref: '#/components/schemas/Problem' }, ...more } }
}

function exampleOf(code: Refusal): JsonObject {
  const { title, status } = PROBLEMS[code]
  const detail = `${title}.`
  return { type: typeOfProblem(code), title, status, code, detail, request_id: '5f0c1f0e-9d58-4f0b-a3ff-8b2b1b0a9c11' }
}
