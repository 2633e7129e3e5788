import { networkInterfaces } from 'node:os'

/** Where others in the same network reach what listens on `host` and `port`; null where it listens to this machine alone, or there is no network. */
export function lanUrlOf({ host, port }: { readonly host: string; readonly port: number }): string | null {
  if (host !== '0.0.0.0' && host !== '::') return null
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  const found = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)
  return found === undefined ? null : `http://${found.address}:${port}`
}
