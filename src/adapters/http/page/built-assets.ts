import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, join } from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { DrawVotePage } from '../../../../web/vote/snapshot.ts'
import { refuse } from '../../../domain/refusal.ts'
import type { HttpApp } from '../operation.ts'
import { sendRefusal } from '../problems.ts'

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
export type BuiltEntry = {
  readonly script: string
  /** Other scripts that it imports, to be fetched along with it. */
  readonly imports: readonly string[]
  readonly styles: readonly string[]
  /** What the page says in each language, of which the script fetches one: by their tags. */
  readonly messages: ReadonlyMap<string, string>
}

/** The scripts and styles of the pages are not there: `npm run build` makes them. */
export class PagesNotBuilt extends Error {
  override readonly name = 'PagesNotBuilt'
}

type Chunk = {
  readonly file: string
  readonly imports?: readonly string[]
  readonly dynamicImports?: readonly string[]
  readonly css?: readonly string[]
}
type Manifest = Readonly<Record<string, Chunk>>

/** What the build has made of an entry of `web/`. Throws `PagesNotBuilt` where there was none. */
export function builtEntry(source: string): BuiltEntry {
  const path = join(folder, 'manifest.json')
  if (!existsSync(path)) throw new PagesNotBuilt(`there is no ${path}`)
  // The cast names the form that Vite writes.
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
  const built = manifest[source]
  if (built === undefined) throw new Error(`${source} is no entry of the pages that were built`)
  const imported = importsOf(manifest, built)
  return {
    script: addressOf(built.file),
    imports: imported.map(({ file }) => addressOf(file)),
    styles: [...imported, built].flatMap(({ css }) => css ?? []).map(addressOf),
    messages: new Map(
      (built.dynamicImports ?? []).flatMap((name) => {
        const tag = /^messages\/(.+)\.json\?/.exec(name)?.[1]
        const file = manifest[name]?.file
        return tag === undefined || file === undefined ? [] : [[tag, addressOf(file)] as const]
      }),
    ),
  }
}

/** All that it imports, and what these import, each once. */
function importsOf(manifest: Manifest, chunk: Chunk, known = new Set<Chunk>()): readonly Chunk[] {
  for (const name of chunk.imports ?? []) {
    const imported = manifest[name]
    if (imported === undefined || known.has(imported)) continue
    known.add(imported)
    importsOf(manifest, imported, known)
  }
  return [...known]
}

/** What the build has made to draw the vote page here: Node takes no TSX. Throws `PagesNotBuilt` where there was none. */
export function builtVotePage(): DrawVotePage {
  const path = join(folder, 'server/vote.js')
  if (!existsSync(path)) throw new PagesNotBuilt(`there is no ${path}`)
  // The cast names what `web/vote/server.tsx` exports.
  const { drawVotePage } = createRequire(import.meta.url)(path) as { readonly drawVotePage: DrawVotePage }
  return drawVotePage
}

/**
 * The files themselves. Their names change with what is in them, so whoever has one may keep it for good. While two versions are deployed side by side, a
 * page of the other one may ask here for its own: it gets ours of that kind, and keeps it for this once.
 */
export function builtAssetRoutes(app: HttpApp): void {
  const assets = new Map(readAssets().map((asset) => [asset.name, asset]))
  const ours = new Map([...assets.values()].map((asset) => [kindOf(asset.name), asset]))
  app.get<{ Params: { name: string } }>('/assets/:name', { schema: { hide: true } }, async (request, reply) => {
    const { name } = request.params
    const asset = assets.get(name) ?? ours.get(kindOf(name))
    if (asset === undefined) return sendRefusal(reply, refuse('route_not_found', 'There is no such file.'))
    reply.header('cache-control', asset.name === name ? 'public, max-age=31536000, immutable' : 'no-store')
    return sendAsset(request, reply, asset)
  })
}

/** Sends the smallest form of the file that the client takes. */
export function sendAsset(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  const taken = asset.encoded.find(({ coding }) => accepts(request, coding))
  reply.type(asset.type).header('vary', 'Accept-Encoding')
  if (taken !== undefined) reply.header('content-encoding', taken.coding)
  return reply.send(taken?.content ?? asset.plain)
}

/** A file that was built, and what it is when compressed. */
export type Asset = {
  /** Its path in the folder of what was built. */
  readonly name: string
  readonly type: string
  readonly plain: Buffer
  readonly encoded: readonly { readonly coding: string; readonly content: Buffer }[]
}

function readAssets(): readonly Asset[] {
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names.filter((name) => extname(name) in types).map(readAsset)
}

/** Throws `PagesNotBuilt` where it is not there. */
export function readAsset(name: string): Asset {
  const path = join(folder, name)
  const type = types[extname(name)]
  if (type === undefined || !existsSync(path)) throw new PagesNotBuilt(`there is no ${path}`)
  const encoded = encodings.map(([coding, ending]) => ({ coding, content: readFileSync(path + ending) }))
  return { name, type, plain: readFileSync(path), encoded }
}

/** The name without the hash of what is in the file. */
function kindOf(name: string): string {
  return name.replace(/-[\w-]{8}(?=\.\w+$)/, '')
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
