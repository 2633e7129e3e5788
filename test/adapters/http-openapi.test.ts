import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROBLEMS } from '../../src/adapters/http/problems.ts'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import type { OpenApiDocument, Operation } from '../support/openapi-document.ts'
import { type RunningSystem, startSystem } from '../support/running-system.ts'

let system: RunningSystem
let call: HttpClient
let document: OpenApiDocument
let operations: readonly (readonly [string, Operation])[]

beforeAll(async () => {
  system = await startSystem('postgres')
  call = createHttpClient(system.url)
  document = (await call('GET', '/openapi.json')).body
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  )
})
afterAll(async () => {
  await system.stop()
})

test('the description is OpenAPI 3.1 for a validator that nobody here wrote', async () => {
  expect(document.openapi).toMatch(/^3\.1\./)
  // The validator changes what it is given.
  const result = await new Validator().validate(structuredClone(document))
  expect(result.errors).toBeUndefined()
  expect(result.valid).toBe(true)
})

test('every operation has a name of its own, a tag, a summary and says who may call it', () => {
  expect(operations.length).toBeGreaterThan(15)
  expect(new Set(operations.map(([, { operationId }]) => operationId)).size).toBe(operations.length)
  for (const [where, { tags, summary, security }] of operations) {
    expect([where, tags?.length, Array.isArray(security)]).toEqual([where, 1, true])
    expect(summary?.length).toBeGreaterThan(3)
    for (const scheme of security.flatMap((one) => Object.keys(one)))
      expect(document.components.securitySchemes).toHaveProperty(scheme)
  }
})

test('every call of the contract is there', () => {
  expect(operations.map(([where]) => where)).toEqual(
    expect.arrayContaining([
      'post /polls',
      'get /polls',
      'get /polls/{poll_id}',
      'patch /polls/{poll_id}',
      'delete /polls/{poll_id}',
      'get /polls/{poll_id}/results',
      'get /polls/{poll_id}/results/signed',
      'get /.well-known/tallycast/result-keys.json',
      'get /.well-known/tallycast/result-keys/{key_id}',
      'post /polls/{poll_id}/open',
      'post /polls/{poll_id}/close',
      'post /polls/{poll_id}/reset',
      'post /session',
      'post /polls/{poll_id}/vote',
      'get /polls/{poll_id}/vote',
      'put /polls/{poll_id}/vote',
      'delete /polls/{poll_id}/vote',
      'post /polls/{poll_id}/votes/bulk',
      'get /votes/{vote_id}',
      'get /polls/{poll_id}/export.csv',
      'get /polls/{poll_id}/export.json',
      'get /polls/{poll_id}/events',
      'get /polls/{poll_id}/viewers',
      'post /polls/{poll_id}/ticket',
      'get /j/{join_code}',
      'get /health/live',
      'get /health/ready',
    ]),
  )
})

test('every error names its codes, with an example of each, in the one form of all problems', () => {
  const described = new Set<string>()
  for (const [where, { responses }] of operations) {
    for (const [status, { content = {} }] of Object.entries(responses)) {
      if (Number(status) < 400) continue
      const problem = content['application/problem+json']
      expect([where, status, problem?.schema]).toEqual([where, status, { $ref: '#/components/schemas/Problem' }])
      for (const code of Object.keys(problem?.examples ?? {})) {
        expect([where, code, String(PROBLEMS[code as keyof typeof PROBLEMS].status)]).toEqual([where, code, status]) // only codes are keys there
        described.add(code)
      }
    }
  }
  const ofNoOperation = ['route_not_found', 'method_not_allowed']
  expect([...described, ...ofNoOperation].toSorted()).toEqual(Object.keys(PROBLEMS).toSorted())
})

test('bodies have examples that can be sent as they are', async () => {
  const post = document.paths['/polls']?.['post']?.requestBody?.content['application/json']
  const example = (post as { example?: unknown } | undefined)?.example
  expect((await call('POST', '/polls', { json: example })).status).toBe(201)
})

test('Swagger UI is there, from this origin alone, over http too', async () => {
  const page = await call('GET', '/docs/')
  expect(page.status).toBe(200)
  expect(page.headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests')
  const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
    ([, url]) => new URL(url ?? '', `${system.url}/docs/`),
  )
  expect(parts.length).toBeGreaterThan(3)
  for (const part of parts) {
    expect(part.origin).toBe(system.url)
    expect([part.pathname, (await call('GET', part.pathname)).status]).toEqual([part.pathname, 200])
  }
  expect((await call('GET', '/docs')).status).toBe(200)
})
