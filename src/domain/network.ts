const mappedForm = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
const hextets = 8
const networkHextets = 4

/**
 * Who is limited together by address: an address of IPv4, which may be written as one of IPv6; of IPv6 the /64, because nobody is given less, and
 * whoever has one has as many addresses as they like. Text that is no address stands for itself.
 */
export function networkOf(address: string): string {
  const inIpv4 = plainAddress(address)
  if (!inIpv4.includes(':')) return inIpv4
  const [withoutZone = ''] = inIpv4.split('%')
  const [before = '', after] = withoutZone.split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = after === undefined ? 0 : Math.max(0, hextets - head.length - tail.length)
  const all = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail]
  const network = all.slice(0, networkHextets).map((part) => part.toLowerCase().replace(/^0+(?=.)/, ''))
  return `${network.join(':')}::/64`
}

/** The address itself, where it is one of IPv4 that is written as one of IPv6. */
export function plainAddress(address: string): string {
  return mappedForm.exec(address)?.[1] ?? address
}
