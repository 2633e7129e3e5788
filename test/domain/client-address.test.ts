import { BlockList } from 'node:net'
import { describe, expect, test } from 'vitest'
import { readClientAddress } from '../../src/adapters/browsers/client-address.ts'

const proxies = new BlockList()
proxies.addSubnet('10.0.0.0', 8, 'ipv4')
proxies.addAddress('2001:db8::1', 'ipv6')

const from = (remoteAddress: string | undefined, forwarded?: string) => ({
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  socket: { remoteAddress },
})

test('where no proxy is trusted, or another one, nobody can say that they are somebody else', () => {
  expect(readClientAddress(from('192.0.2.7', '198.51.100.1'), null)).toBe('192.0.2.7')
  expect(readClientAddress(from('192.0.2.7', '198.51.100.1'), proxies)).toBe('192.0.2.7')
  expect(readClientAddress(from('::ffff:192.0.2.7'), null)).toBe('192.0.2.7')
  expect(readClientAddress(from(undefined, '198.51.100.1'), proxies)).toBeNull()
})

describe('a proxy that is trusted', () => {
  test.each([
    ['says who came to it', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['is believed also as an address of IPv6', '::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['says it by IPv6', '2001:db8::1', '2001:db8:ffff::9', '2001:db8:ffff::9'],
    ['may stand behind another one', '10.0.0.1', '198.51.100.1, 10.9.9.9', '198.51.100.1'],
    [
      'passes on what somebody has made up, which is not believed',
      '10.0.0.1',
      '203.0.113.9, 198.51.100.1',
      '198.51.100.1',
    ],
    ['says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['says what is no address', '10.0.0.1', 'somebody', '10.0.0.1'],
    ['passes on what is no address', '10.0.0.1', 'somebody, 10.2.2.2', '10.2.2.2'],
    ['came by itself', '10.0.0.1', '10.3.3.3', '10.3.3.3'],
  ])('%s', (_what, remote, forwarded, address) => {
    expect(readClientAddress(from(remote, forwarded), proxies)).toBe(address)
  })

  test('is read up to the last 32 of its addresses', () => {
    const chain = (proxiesBetween: number): string =>
      ['198.51.100.1', ...Array(proxiesBetween).fill('10.0.0.2')].join(', ')
    expect(readClientAddress(from('10.0.0.1', chain(31)), proxies)).toBe('198.51.100.1')
    expect(readClientAddress(from('10.0.0.1', chain(32)), proxies)).toBe('10.0.0.2')
  })
})
