import { BlockList, isIP } from 'node:net'
import type { Setting } from './setting.ts'

const bits = { ipv4: 32, ipv6: 128 } as const

/** Addresses, and networks as an address with the number of its bits that count (10.0.0.0/8); with commas between. Null when not given. */
export const networks = (networksMax: number): Setting<BlockList | null> => ({
  fallback: null,
  read: (given) => {
    const items = given.split(',').map((item) => item.trim())
    if (items.length > networksMax) return { problem: `must be at most ${networksMax} networks with commas between` }
    const value = new BlockList()
    for (const item of items) {
      const [address = '', length, ...rest] = item.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      const prefix = length === undefined ? bits[family] : /^\d{1,3}$/.test(length) ? Number(length) : NaN
      if (isIP(address) === 0 || rest.length > 0 || !(prefix <= bits[family])) {
        return {
          problem: `must be addresses or networks (10.0.0.0/8) with commas between, not ${JSON.stringify(item)}`,
        }
      }
      value.addSubnet(address, prefix, family)
    }
    return { value }
  },
})

const origin = /^https?:\/\/(?:\*\.)?[a-z\d-]+(?:\.[a-z\d-]+)*(?::\d{1,5})?$/i

/** Whose pages: `any`, `none`, or origins (https://example.org, https://*.example.org) with commas between. As a policy names them, * for any. */
export const origins = (originsMax: number): Setting<readonly string[]> => ({
  fallback: ['*'],
  read: (given) => {
    if (given === 'any') return { value: ['*'] }
    if (given === 'none') return { value: [] }
    const value = given.split(',').map((item) => item.trim())
    if (value.length > originsMax) return { problem: `must be at most ${originsMax} origins with commas between` }
    const wrong = value.find((item) => !origin.test(item))
    if (wrong === undefined) return { value }
    const form = 'any, none, or origins (https://example.org) with commas between'
    return { problem: `must be ${form}, not ${JSON.stringify(wrong)}` }
  },
})
