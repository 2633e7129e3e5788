import { expect, test } from 'vitest'
import { linkBase, votePageUrl } from '../../src/adapters/http/page/qr-code.ts'

const lanUrl = 'http://192.0.2.7:8000'

test.each([
  [
    'the public address, whoever asks',
    { publicUrl: 'https://polls.example/', lanUrl },
    'localhost:8000',
    'https://polls.example',
  ],
  ['the address that was asked', { publicUrl: null, lanUrl }, 'polls.local:8000', 'http://polls.local:8000'],
  ['that of the network, for who sits at the machine', { publicUrl: null, lanUrl }, 'localhost:8000', lanUrl],
  ['the same by number', { publicUrl: null, lanUrl }, '127.0.0.1:8000', lanUrl],
  ['the same by the other number', { publicUrl: null, lanUrl }, '[::1]:8000', lanUrl],
  [
    'that of the machine, where there is no other',
    { publicUrl: null, lanUrl: null },
    'localhost:8000',
    'http://localhost:8000',
  ],
  ['no address that is none', { publicUrl: null }, 'evil.example/"><script>', 'http://localhost'],
  [
    'a name that only begins like the machine',
    { publicUrl: null, lanUrl },
    'localhost.example',
    'http://localhost.example',
  ],
])('links begin with %s', (_what, address, host, base) => {
  expect(linkBase(address, host)).toBe(base)
  expect(votePageUrl(address, host, 'abc')).toBe(`${base}/p/abc`)
})
