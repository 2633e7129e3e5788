import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** The host by which this machine itself reaches what listens on `host`, as a URL has it. */
export function ownHost(host: string): string {
  if (isEverywhere(host)) return '127.0.0.1'
  return isIPv6(host) ? `[${host}]` : host
}

/** Where others in the same network reach what listens on `host` and `port`; null where it listens to this machine alone, or there is no network. */
export function lanUrlOf({ host, port }: { readonly host: string; readonly port: number }): string | null {
  if (!isEverywhere(host)) return null
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  const found = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)
  return found === undefined ? null : `http://${found.address}:${port}`
}

/** Listens on every address that the machine has. */
function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
