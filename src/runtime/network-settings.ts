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
