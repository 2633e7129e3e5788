import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { FastifyRequest } from 'fastify'
import type { HttpApp } from '../operation.ts'

/** Where `npm run build` puts the scripts and styles of the pages. */
const folder = join(import.meta.dirname, '../../../../web/dist')
const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}
/** What a browser may take instead of the file itself, the smallest first. */
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

/** The files that a page needs for one entry, by their addresses. */
export type BuiltEntry = { readonly script: string; readonly styles: readonly string[] }

/** The scripts and styles of the pages are not there: `npm run build` makes them. */
export class PagesNotBuilt extends Error {
  override readonly name = 'PagesNotBuilt'
}

type Manifest = Readonly<Record<string, { readonly file: string; readonly css?: readonly string[] }>>

/** What the build has made of an entry of `web/`. Throws `PagesNotBuilt` where there was none. */
export function builtEntry(source: string): BuiltEntry {
  const path = join(folder, 'manifest.json')
  if (!existsSync(path)) throw new PagesNotBuilt(`there is no ${path}`)
  // The cast names the form that Vite writes.
  const built = (JSON.parse(readFileSync(path, 'utf8')) as Manifest)[source]
  if (built === undefined) throw new Error(`${source} is no entry of the pages that were built`)
  return { script: addressOf(built.file), styles: (built.css ?? []).map(addressOf) }
}

/** The files themselves. Their names change with what is in them, so whoever has one may keep it for good. */
export function builtAssetRoutes(app: HttpApp): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const plain = readFileSync(join(folder, name))
    const encoded = encodings.map(([coding, ending]) => ({
      coding,
      content: readFileSync(join(folder, name + ending)),
    }))
    app.get(addressOf(name), { schema: { hide: true } }, async (request, reply) => {
      const taken = encoded.find(({ coding }) => accepts(request, coding))
      reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').header('vary', 'Accept-Encoding')
      if (taken !== undefined) reply.header('content-encoding', taken.coding)
      return reply.send(taken?.content ?? plain)
    })
  }
}

function addressOf(name: string): string {
  return `/assets/${name}`
}

/** Whether the client names this coding and does not rule it out (RFC 9110, 12.5.3). */
function accepts({ headers }: FastifyRequest, coding: string): boolean {
  const offers = (headers['accept-encoding'] ?? '').split(',')
  return offers.some((offer) => {
    const [name = '', ...parameters] = offer.split(';').map((part) => part.trim().toLowerCase())
    return name === coding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
  })
}
