/** Slots of a cluster; each primary has a share of them. */
export const SLOTS = 16_384

const polynomial = 0x1021

/** The slot of a key, as the servers of a cluster compute it: CRC-16/XMODEM of what stands in its first braces, else of all. */
export function slotOf(key: string): number {
  const from = key.indexOf('{') + 1
  const to = key.indexOf('}', from)
  let crc = 0
  for (const byte of Buffer.from(from > 0 && to > from ? key.slice(from, to) : key)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ polynomial) & 0xffff
  }
  return crc % SLOTS
}
