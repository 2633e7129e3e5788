import { basename, dirname, extname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { measureLongestFunction } from './support/function-lengths.ts'
import { isCode, readImports, readSources, resolveImport } from './support/source-imports.ts'
import type { ImportTarget, SourceImport, Sources } from './support/source-imports.ts'

/** Which files make a layer, the most particular place first. */
const places = [
  ['http', 'src/adapters/http/'],
  ['ws', 'src/adapters/ws/'],
  ['grpc', 'src/adapters/grpc/'],
  ['redis', 'src/adapters/redis/'],
  ['postgres', 'src/adapters/postgres/'],
  ['jwt', 'src/adapters/jwt/'],
  ['browsers', 'src/adapters/browsers/'],
  ['adapters', 'src/adapters/'],
  ['domain', 'src/domain/'],
  ['ports', 'src/ports/'],
  ['application', 'src/application/'],
  ['runtime', 'src/runtime/'],
  ['terminal', 'src/terminal/'],
  ['demo', 'src/demo/'],
  ['main', 'src/main/'],
  ['contract', 'contract/'],
  ['client', 'client/'],
  ['cli', 'cli/'],
  ['web/i18n', 'web/i18n/'],
  ['web/i18n', 'web/messages/'],
  ['web/poll', 'web/poll/'],
  ['web/follow', 'web/follow/'],
  ['web/organiser', 'web/organiser/'],
  ['web/create', 'web/create/'],
  ['web/manage', 'web/manage/'],
  ['web/present', 'web/present/'],
  ['web/vote', 'web/vote/'],
  ['web/embed', 'web/embed/'],
  ['web/frame', 'web/frame/'],
  ['web', 'web/'],
  ['bench', 'bench/'],
  ['test', 'test/'],
] as const
type Layer = (typeof places)[number][0]

type Sight = {
  /** Other layers that it may import. Its own layer it always may. */
  readonly sees: readonly Layer[]
  /** Layers of which it may import types alone. */
  readonly seesTypesOf?: readonly Layer[]
  /** What it may take from outside: nothing at all, what Node brings along, or packages too. */
  readonly outside: 'nothing' | 'node' | 'packages'
}

const everything = places.map(([layer]) => layer)
const sharedByPages = ['client', 'web/i18n', 'web/poll', 'web/follow', 'web/organiser'] as const

/** Who may import whom. Dependencies point at the domain; an inbound adapter never meets an outbound one. */
const table = {
  contract: { sees: [], outside: 'packages' },
  domain: { sees: [], outside: 'nothing' },
  ports: { sees: ['domain'], outside: 'nothing' },
  application: { sees: ['domain', 'ports'], seesTypesOf: ['contract'], outside: 'node' },
  // Inbound. The pages are served over HTTP, so that is where they are seen.
  http: {
    sees: ['application', 'domain', 'contract', 'web/i18n', 'browsers'],
    seesTypesOf: ['web/vote'],
    outside: 'packages',
  },
  ws: { sees: ['application', 'domain', 'contract', 'browsers'], outside: 'packages' },
  // What both know of browsers: whose page sent this, and what every answer tells them.
  browsers: { sees: [], outside: 'node' },
  // Inbound with its server; its client is how the api reaches the admin role, and so implements a port.
  grpc: { sees: ['application', 'domain', 'ports', 'contract'], outside: 'packages' },
  // Outbound. What two technologies write in the same form lies between them, directly in src/adapters/.
  redis: { sees: ['ports', 'domain', 'adapters'], outside: 'packages' },
  postgres: { sees: ['ports', 'domain', 'adapters'], outside: 'packages' },
  jwt: { sees: ['ports', 'domain'], outside: 'packages' },
  adapters: { sees: ['ports', 'domain'], outside: 'node' },
  runtime: { sees: [], outside: 'packages' },
  // How the words behind a command are read, and what a terminal is shown.
  terminal: { sees: [], outside: 'node' },
  // An audience of clients: nothing of the server, and no package that reaches it.
  demo: { sees: ['client', 'terminal'], seesTypesOf: ['contract'], outside: 'node' },
  main: { sees: everything.filter((layer) => layer !== 'test' && layer !== 'bench'), outside: 'packages' },
  client: { sees: [], seesTypesOf: ['contract'], outside: 'nothing' },
  // Built into one file that needs nothing to be installed.
  cli: { sees: ['client', 'terminal'], seesTypesOf: ['contract'], outside: 'node' },
  // What several pages share; no page knows another.
  'web/i18n': { sees: [], outside: 'packages' },
  'web/poll': { sees: ['client', 'web/i18n'], outside: 'packages' },
  'web/follow': { sees: ['client'], outside: 'packages' },
  'web/organiser': { sees: ['client', 'web/i18n'], outside: 'packages' },
  // Its preview draws the page to vote, as voters see it.
  'web/create': { sees: [...sharedByPages, 'web/vote'], outside: 'packages' },
  'web/manage': { sees: sharedByPages, outside: 'packages' },
  'web/present': { sees: sharedByPages, outside: 'packages' },
  'web/vote': { sees: sharedByPages, outside: 'packages' },
  // In other people's pages, where nobody organises: a script of its own, with a build of its own.
  'web/embed': { sees: ['client', 'web/i18n', 'web/poll', 'web/follow', 'web'], outside: 'packages' },
  'web/frame': { sees: ['web/embed', 'web/i18n'], outside: 'packages' },
  // How the pages are built.
  web: { sees: [], outside: 'packages' },
  bench: { sees: everything, outside: 'packages' },
  test: { sees: everything, outside: 'packages' },
} satisfies Record<Layer, Sight> as Record<Layer, Sight> // `satisfies` checks the rows, `as` forgets their literal types.

const outsideAllowed: Record<Sight['outside'], readonly ImportTarget['kind'][]> = {
  nothing: [],
  node: ['builtin'],
  packages: ['builtin', 'package'],
}
const forbiddenWords = /^(?:utils?|helpers?|common|base|managers?|services?|impl)$/
/** Files of an outbound adapter that implement no port: how it names things, connects, listens, keeps, fails and reads rows. */
const adapterTools = new Set([
  'keys',
  'connect',
  'durability',
  'listen',
  'listen-connection',
  'faults',
  'scripts',
  'rows',
  'servers',
  'replica-lag',
])
/** What several Redis servers need beside one, for all ports alike. */
const toolFolder = 'src/adapters/redis/cluster/'
const linesMax = 250
const functionLinesMax = 70
/** Far below what stands here today; an empty or misplaced glob sees none. */
const filesMin = 40

const root = join(import.meta.dirname, '..')
const sources = readSources(root, ['contract', 'src', 'client/src', 'cli/src', 'web', 'bench', 'test'])
const codeFiles = [...sources.keys()].filter(isCode)

function layerOf(path: string): Layer | undefined {
  return places.find(([, folder]) => path.startsWith(folder))?.[0]
}

function isAllowed(all: Sources, from: string, found: SourceImport): boolean {
  const layer = layerOf(from)
  if (layer === undefined) return false
  const target = resolveImport(all, from, found.specifier)
  if (target.kind !== 'file') return outsideAllowed[table[layer].outside].includes(target.kind)
  const targetLayer = layerOf(target.path)
  if (targetLayer === undefined) return false
  if (targetLayer === layer || table[layer].sees.includes(targetLayer)) return true
  return found.isTypeOnly && table[layer].seesTypesOf?.includes(targetLayer) === true
}

/** Every import that the table does not allow, as `from -> specifier`. */
function forbiddenImports(all: Sources): readonly string[] {
  return [...all].flatMap(([path, source]) =>
    isCode(path)
      ? readImports(path, source)
          .filter((found) => !isAllowed(all, path, found))
          .map((found) => `${path} -> ${found.specifier}`)
      : [],
  )
}

function example(path: string, source: string): readonly string[] {
  const neighbours = [
    'src/domain/poll.ts',
    'src/ports/poll-store.ts',
    'src/application/cast-vote.ts',
    'src/main/api.ts',
  ]
  const adapters = ['redis/keys.ts', 'postgres/poll-store.ts', 'http/server.ts', 'vote-entry.ts']
  const pages = ['create/create-page.tsx', 'organiser/draft.ts', 'vote/snapshot.ts']
  const empty = [
    ...neighbours,
    ...adapters.map((name) => `src/adapters/${name}`),
    'contract/messages.ts',
    ...pages.map((name) => `web/${name}`),
  ]
  return forbiddenImports(new Map([...empty.map((name) => [name, ''] as const), [path, source]]))
}

describe('who may import whom', () => {
  test('every import of every file keeps to the table', () => {
    expect(forbiddenImports(sources)).toEqual([])
  })

  test('the table was held against every layer of the system, not against an empty list', () => {
    expect(codeFiles.length).toBeGreaterThan(filesMin)
    const seen = new Set(codeFiles.map(layerOf))
    const mayBeMissing: readonly (Layer | undefined)[] = ['adapters', 'client', 'web', 'bench']
    expect(everything.filter((layer) => !mayBeMissing.includes(layer) && !seen.has(layer))).toEqual([])
  })

  test.each([
    ['an import', 'src/domain/vote.ts', "import { x } from '../ports/poll-store.ts'"],
    ['an import of types', 'src/ports/vote-stream.ts', "import type { X } from '../application/cast-vote.ts'"],
    ['a type taken out of an import', 'src/domain/vote.ts', "export type X = import('../ports/poll-store.ts').X"],
    ['an export from', 'src/adapters/http/votes.ts', "export { x } from '../redis/keys.ts'"],
    ['an export of everything', 'src/adapters/http/votes.ts', "export * from '../../ports/poll-store.ts'"],
    ['a dynamic import', 'src/adapters/redis/vote-stream.ts', "await import('../../application/cast-vote.ts')"],
    ['a dynamic import with a computed path', 'src/main/worker.ts', 'await import(process.argv[2])'],
    ['a way round', 'src/adapters/redis/vote-stream.ts', "import '../redis/../postgres/poll-store.ts'"],
    ['one inbound adapter from another', 'src/adapters/ws/socket.ts', "import '../http/server.ts'"],
    ['a composition root', 'src/application/record-votes.ts', "import '../main/api.ts'"],
    ['ours from the runtime', 'src/runtime/config.ts', "import type { X } from '../domain/poll.ts'"],
    ['a value where types alone are allowed', 'src/application/record-votes.ts', "import '../../contract/messages.ts'"],
    ['one page from another', 'web/manage/links.tsx', "import { Link } from '../create/create-page.tsx'"],
    ['a page from what pages share', 'web/organiser/codes.tsx', "import '../create/create-page.tsx'"],
    ['the organiser from an embedded poll', 'web/embed/choices.tsx', "import '../organiser/draft.ts'"],
    ['a connection beside the client, in the demo', 'src/demo/audience.ts', "import { WebSocket } from 'ws'"],
    ['what draws a page, in the server', 'src/adapters/http/page.ts', "import '../../../web/vote/snapshot.ts'"],
    ['a package in the domain', 'src/domain/vote.ts', "import type { X } from 'ioredis'"],
    ['the clock of Node in the domain', 'src/domain/vote.ts', "import 'node:timers'"],
    ['a file that does not exist', 'src/main/worker.ts', "import './nothing.ts'"],
    ['a file in a folder without a row', 'src/extra/new.ts', "import '../domain/poll.ts'"],
  ])('%s is refused where the table does not allow it', (_what, path, source) => {
    expect(example(path, source)).toHaveLength(1)
  })

  test.each([
    ['src/application/record-votes.ts', "import type { X } from '../../contract/messages.ts'"],
    ['src/adapters/redis/vote-stream.ts', "import { x } from '../vote-entry.ts'\nimport 'ioredis'"],
    ['web/create/settings.tsx', "import { x } from '../organiser/draft.ts'\nimport 'preact'"],
    ['src/adapters/http/page.ts', "import type { X } from '../../../web/vote/snapshot.ts'"],
    [
      'src/domain/vote.ts',
      "// import '../ports/poll-store.ts'\nexport const text = \"import '../ports/poll-store.ts'\"",
    ],
  ])('what %s may import is not refused', (path, source) => {
    expect(example(path, source)).toEqual([])
  })
})

describe('names and sizes', () => {
  const written = [...sources.keys()].filter(
    (path) =>
      /^(?:src|contract|client|cli|web)\/.*\.(?:tsx?|js|mjs|lua|css|html|proto)$/.test(path) && !path.includes('/gen/'),
  )

  test('a file of an outbound adapter bears the name of the port that it implements', () => {
    const ports = codeFiles.filter((path) => layerOf(path) === 'ports').map((path) => basename(path, '.ts'))
    const strangers = codeFiles.filter((path) => {
      const name = basename(path, extname(path))
      if (!['redis', 'postgres'].includes(layerOf(path) ?? '') || adapterTools.has(name)) return false
      if (path.startsWith(toolFolder)) return false
      // A port whose adapter takes several files has them side by side: vote-door.ts, vote-door-voters.ts.
      return !ports.some((port) => name === port || name.startsWith(`${port}-`) || basename(dirname(path)) === port)
    })
    expect(strangers).toEqual([])
  })

  test(`a file has fewer than ${linesMax} lines`, () => {
    const long = written.filter((path) => (sources.get(path) ?? '').split('\n').length > linesMax)
    expect(long).toEqual([])
  })

  test(`a function has fewer than ${functionLinesMax} lines of its own`, () => {
    const long = written.filter(isCode).flatMap((path) => {
      const { beginsAt, ownLines } = measureLongestFunction(path, sources.get(path) ?? '')
      return ownLines < functionLinesMax ? [] : [`${path}:${beginsAt} has ${ownLines}`]
    })
    expect(long).toEqual([])
  })

  test('the lines of a function inside another count for the inner one', () => {
    const inner = `const inner = () => {\n${'  call()\n'.repeat(68)}}`
    expect(measureLongestFunction('x.ts', inner)).toEqual({ beginsAt: 1, ownLines: 70 })
    const outer = `\nfunction outer() {\n${inner}\n  return inner\n}`
    expect(measureLongestFunction('x.ts', outer)).toEqual({ beginsAt: 3, ownLines: 70 })
  })

  test('no file is named for being useful instead of for what it does', () => {
    const vague = written.filter((path) =>
      basename(path, extname(path))
        .split(/[-.]/)
        .some((word) => forbiddenWords.test(word)),
    )
    expect(vague).toEqual([])
  })
})
