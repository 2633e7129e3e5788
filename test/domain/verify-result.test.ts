import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import fc from 'fast-check'
import { calculateJwkThumbprint } from 'jose'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/application/canonical-json.ts'
import { createResultKeys, readResultKeys, type ResultKey } from '../../src/application/result-keys.ts'
import { isNotValid, readSignedResult, verifySignedResult } from '../../src/application/verify-result.ts'
import { someKey, someResult, signSomeResult } from '../support/some-result.ts'

const keys = someKey(1)
const others = someKey(2)

/** What is said of a text as a whole: the id of the key, or why it is not valid. */
function judge(document: string | Uint8Array, trusted: readonly ResultKey[] = keys.published): string {
  const signed = readSignedResult(Buffer.from(document))
  if (isNotValid(signed)) return signed.why
  const verdict = verifySignedResult(signed, trusted)
  return isNotValid(verdict) ? verdict.why : verdict.id
}

const keyId = keys.published[0].id
const text = canonicalJson(signSomeResult(keys))

describe('a signed result', () => {
  test('is valid by the key that signed it, however it is spaced and ordered, and by no other', () => {
    expect(judge(text)).toBe(keyId)
    expect(judge(JSON.stringify(JSON.parse(text), null, 2))).toBe(keyId)
    const { result, signature } = JSON.parse(text)
    const backwards = Object.fromEntries(Object.entries(result).toReversed())
    expect(judge(JSON.stringify({ signature, result: backwards }))).toBe(keyId)
    expect(judge(`\ufeff${text}\n`)).toBe(keyId)
    expect(judge(text, others.published)).toContain('names a key that is not among these')
    expect(judge(text, [])).toContain('names a key that is not among these')
  })

  test('that names another key than the one that signed it is not valid', () => {
    const { result, signature } = signSomeResult(others)
    const claimed = canonicalJson({ result, signature: { ...signature, key_id: keyId } })
    expect(judge(claimed)).toContain('the signature does not belong to this result')
    expect(judge(claimed, [...keys.published, ...others.published])).toContain('does not belong')
  })

  test('is not valid with any byte changed, added or taken away that changes what it says', () => {
    const bytes = Buffer.from(text)
    const at = fc.nat({ max: bytes.length - 1 })
    const changed = fc.oneof(
      fc
        .tuple(at, fc.integer({ min: 0, max: 255 }))
        .map(([place, byte]) => Buffer.from(bytes).fill(byte, place, place + 1)),
      at.map((place) => Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1)])),
      fc
        .tuple(at, fc.integer({ min: 0, max: 255 }))
        .map(([place, byte]) => Buffer.concat([bytes.subarray(0, place), Buffer.of(byte), bytes.subarray(place)])),
    )
    fc.assert(
      fc.property(changed, (document) => {
        expect(judge(document) === keyId).toBe(saysTheSame(document, bytes))
      }),
      { numRuns: 5_000 },
    )
  })

  test('is not valid with any member changed, added, taken away or said twice', () => {
    const document = JSON.parse(text)
    for (const part of ['result', 'signature', 'ledger'] as const) {
      const of = (root: typeof document): Record<string, unknown> =>
        part === 'ledger' ? root.result.ledger : root[part]
      for (const name of Object.keys(of(document))) {
        for (const value of [undefined, null, '', 'x', 0, 1, [], {}, true]) {
          const edited = structuredClone(document)
          if (value === undefined) delete of(edited)[name]
          else of(edited)[name] = value
          if (canonicalJson(edited) === text) continue
          expect([part, name, value, judge(JSON.stringify(edited))]).not.toContain(keyId)
        }
        const again = text.replace(`"${name}":`, `"${name}":0,"${name}":`)
        expect(JSON.parse(again)).toEqual(document)
        expect([name, judge(again)]).toEqual([name, expect.stringContaining('each member stands once')])
      }
      const more = structuredClone(document)
      of(more)['note'] = 'counted by hand'
      expect(judge(JSON.stringify(more))).not.toBe(keyId)
    }
    expect(judge(JSON.stringify({ ...document, note: 'counted by hand' }))).toContain('nothing else')
  })

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another JSON', '[]'],
    ['null', 'null'],
    ['a result alone', JSON.stringify(someResult)],
    ['a member that is no object', '{"result":1,"signature":1}'],
    ['half a character', Buffer.from([...Buffer.from('{"a":"'), 0xc3, ...Buffer.from('"}')])],
    ['what nests without end', `${'{"result":'.repeat(90_000)}1${'}'.repeat(90_000)}`],
    [
      'a result that nests without end',
      text.replace('"description":', `"deep":${'['.repeat(90_000)}${']'.repeat(90_000)},"description":`),
    ],
    ['half a surrogate pair', text.replace('"Tea or', '"\\ud800Tea or')],
    ['a later form', text.replace('tallycast.result.v1', 'tallycast.result.v2')],
  ])('that is %s is not valid, and said so', (_what, document) => {
    expect(judge(document)).toMatch(/^(it is no|its `result`|the signature)/)
  })

  test('is verified by any implementation of Ed25519 over its canonical bytes', () => {
    const { result, signature } = JSON.parse(text)
    const key = createPublicKey(keys.published[0].pem)
    expect(verify(null, Buffer.from(canonicalJson(result)), key, Buffer.from(signature.value, 'base64'))).toBe(true)
  })
})

describe('the keys of results', () => {
  test('come of the same seed every time, or of a key in PEM, and bear their thumbprint as a name', async () => {
    expect(someKey(1).published[0].id).toBe(keyId)
    expect(keyId).not.toBe(others.published[0].id)
    const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
      publicKeyEncoding: { format: 'pem', type: 'spki' },
    })
    const [{ id, pem, jwk }] = createResultKeys(privateKey, []).published
    expect([pem, id]).toEqual([publicKey, await calculateJwkThumbprint(jwk)])
  })

  test('published are the one that signs and then the others, each once', () => {
    const older = others.published[0]
    const { published } = createResultKeys(Buffer.alloc(32, 1), [older.key, keys.published[0].key, older.key])
    expect(published.map(({ id }) => id)).toEqual([keyId, older.id])
    expect(judge(text, published)).toBe(keyId)
    expect(judge(canonicalJson(signSomeResult(others)), published)).toBe(older.id)
  })

  test('are read from PEM, one behind the other, from a set, and from one alone; those of other kinds are passed over', () => {
    const both = [keys.published[0], others.published[0]]
    const ids = both.map(({ id }) => id)
    const { publicKey: foreign } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { publicKey: cousin } = generateKeyPairSync('x25519')
    const pems = [...both.map(({ pem }) => pem), foreign.export({ format: 'pem', type: 'spki' })].join('')
    const jwks = [...both.map(({ jwk }) => jwk), foreign.export({ format: 'jwk' }), cousin.export({ format: 'jwk' })]
    expect(readResultKeys(pems).map(({ id }) => id)).toEqual(ids)
    expect(readResultKeys(JSON.stringify({ keys: jwks })).map(({ id }) => id)).toEqual(ids)
    expect(readResultKeys(` ${JSON.stringify(both[0]?.jwk)}`).map(({ id }) => id)).toEqual([ids[0]])
    expect([readResultKeys(''), readResultKeys('{}'), readResultKeys('{"keys":{}}')]).toEqual([[], [], []])
    // A name that somebody else has written beside a key is not looked at.
    const renamed = { keys: [{ ...others.published[0].jwk, kid: keyId }] }
    expect(readResultKeys(JSON.stringify(renamed)).map(({ id }) => id)).toEqual([ids[1]])
  })
})

/** Whether a reader of JSON sees the same: a space more, or an escape for a character, are no change of what is said. */
function saysTheSame(document: Buffer, original: Buffer): boolean {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    const [one, other] = [document, original].map((bytes) => canonicalJson(JSON.parse(decoder.decode(bytes))))
    return one === other
  } catch {
    return false
  }
}
