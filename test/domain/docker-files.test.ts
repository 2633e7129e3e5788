import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DCLinter } from 'dclint'
import { validate } from 'dockerfile-utils'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../src/runtime/config.ts'
import { listSeeds } from '../../src/runtime/redis-url.ts'
import { connectionsOf } from '../support/connections-of.ts'
import { isCode, readImports, readSources, resolveImport } from '../support/source-imports.ts'

const root = join(import.meta.dirname, '../..')
const read = (name: string): string => readFileSync(join(root, name), 'utf8')

type ComposeFile = {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly image?: string
        readonly environment?: Readonly<Record<string, string | number>>
        readonly ports?: readonly string[]
        readonly volumes?: readonly string[]
        readonly healthcheck?: object
        readonly command?: readonly string[]
        readonly deploy?: { readonly replicas?: number }
      }
    >
  >
}

type LintResult = { readonly messages: readonly { readonly rule: string; readonly message: string }[] }

// The schema is held against the files in a test of its own; here their parts are only picked out.
const readCompose = (name: string): ComposeFile => parse(read(name), { merge: true }) as ComposeFile

/** What compose makes of `${NAME:-default}` and `${NAME:+value}` where nothing is set. */
const interpolate = (value: string | number): string => String(value).replace(/\$\{\w+(?::-([^}]*)|:\+[^}]*)\}/g, '$1')

/** What the schema of compose files refuses. The order of keys is not asked here. */
function composeProblems(text: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tallycast-compose-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'docker-compose.yml')
  writeFileSync(path, text)
  const linter = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [] })
  // The package's declarations import each other without an ending, so the compiler cannot follow them here.
  const results = linter.lintFiles([path], false) as readonly LintResult[]
  return results
    .flatMap((result) => result.messages)
    .filter((problem) => ['invalid-schema', 'invalid-yaml'].includes(problem.rule))
    .map((problem) => problem.message)
}

/** Beside the running system, on its database. */
const besides = ['trace', 'recount', 'keys', 'prune'] as const

const dockerfileProblems = (text: string): readonly unknown[] => validate(text).map((problem) => problem.message)

describe('the compose files', () => {
  test.each(['docker-compose.yml', 'compose.dev.yml', 'deploy/compose.scale.yml'])(
    '%s keeps to the schema of compose files',
    (name) => {
      expect(composeProblems(read(name))).toEqual([])
    },
  )

  test.each([
    ['a key that no service has', /^ {2}init: true$/m, '  inti: true'],
    ['a condition that nobody can meet', 'condition: service_completed_successfully', 'condition: service_finished'],
    ['an environment that is a number', /^ {4}environment:\n {6}CI: 'true'$/m, '    environment: 1'],
  ])('a compose file with %s is refused', (_what, from, to) => {
    const broken = read('docker-compose.yml').replace(from, to)
    expect(broken).not.toBe(read('docker-compose.yml'))
    expect(composeProblems(broken)).not.toEqual([])
  })

  describe.each([
    ['docker-compose.yml', 'redis://redis:6379'],
    [
      'deploy/compose.scale.yml',
      'redis-cluster://redis-1:6379,redis-2:6379,redis-3:6379,redis-4:6379,redis-5:6379,redis-6:6379',
    ],
  ])('%s', (file, redisUrl) => {
    test.each(['migrate', 'admin', 'worker', 'api'] as const)('%s starts with nothing set on the machine', (role) => {
      const given = readCompose(file).services[role]?.environment ?? {}
      const environment = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, interpolate(value)]))
      expect(() => readConfig(environment, role)).not.toThrow()
      expect(readConfig(environment, role)).toMatchObject({
        databaseUrl: expect.stringContaining('@postgres:5432/'),
        redisUrl,
      })
    })
  })

  test.each([
    ['docker-compose.yml', 'the api', ['api']],
    ['deploy/compose.scale.yml', 'nginx', ['nginx']],
  ])('of %s only %s is reachable from other machines', (file, _what, reachable) => {
    const services = Object.entries(readCompose(file).services)
    const isPublished = (port: string): boolean => !port.startsWith('127.0.0.1:')
    expect(services.filter(([, { ports = [] }]) => ports.some(isPublished)).map(([name]) => name)).toEqual(reachable)
  })

  test('deploy/compose.scale.yml names every node of its Redis Cluster', () => {
    const { services } = readCompose('deploy/compose.scale.yml')
    const nodes = Object.keys(services).filter((name) => /^redis-\d$/.test(name))
    const given = interpolate(services['api']?.environment?.['REDIS_URL'] ?? '')
    expect(services['redis-cluster']?.command?.slice(1)).toEqual(nodes.map((name) => `${name}:6379`))
    expect(listSeeds(given)).toEqual(nodes.map((name) => `redis://${name}:6379`))
  })

  test('deploy/compose.scale.yml takes every setting that docker-compose.yml takes', () => {
    const settingsOf = (name: string): ReadonlySet<string> =>
      new Set([...read(name).matchAll(/\$\{(\w+):-/g)].map(([, setting = '']) => setting))
    const given = settingsOf('docker-compose.yml')
    expect(given).toContain('POLL_CREATION')
    expect([...given].filter((name) => !settingsOf('deploy/compose.scale.yml').has(name))).toEqual([])
  })

  test('its PostgreSQL has connections for more than all of its processes, and its standby as many', () => {
    const { services } = readCompose('deploy/compose.scale.yml')
    const [, ofPrimary] = /max_connections=(\d+)/.exec(String(services['postgres']?.command)) ?? []
    const [, ofStandby] = /max_connections=(\d+)/.exec(read('deploy/postgres/start-replica.sh')) ?? []
    const opened = (['api', 'worker', 'admin'] as const).map((role) => {
      const { environment = {}, deploy } = services[role] ?? {}
      const given = Object.entries(environment).map(([name, value]) => [name, interpolate(value)] as const)
      return (deploy?.replicas ?? 0) * connectionsOf(role, Object.fromEntries(given))
    })
    expect(Number(ofPrimary)).toBeGreaterThan(2 * opened.reduce((sum, one) => sum + one))
    expect(ofStandby).toBe(ofPrimary)
  })

  test('what deploy/compose.scale.yml mounts of this repository is there', () => {
    const services = Object.values(readCompose('deploy/compose.scale.yml').services)
    const sources = services.flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''))
    const ours = sources.filter((source) => source.startsWith('./'))
    expect(ours).toContain('./nginx/tallycast.conf')
    const [, included] = /^ +include ([\w.-]+);$/m.exec(read('deploy/nginx/tallycast.conf')) ?? []
    expect(ours).toContain(`./nginx/${included}`)
    expect(ours.filter((source) => !existsSync(join(root, 'deploy', source)))).toEqual([])
  })

  test('the folders that development mounts exist', () => {
    const services = Object.values(readCompose('compose.dev.yml').services)
    const folders = services.flatMap((service) => (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? ''))
    expect(folders).toContain('./src')
    expect(folders.filter((folder) => !existsSync(join(root, folder)))).toEqual([])
  })
})

/** The lines of a stage, by their instruction. */
const linesOf = (stage: string, instruction: string): readonly string[] => {
  const [, after = ''] = new RegExp(`^FROM \\S+ AS ${stage}\\n([^]*)$`, 'm').exec(read('Dockerfile')) ?? []
  const [lines = ''] = after.split(/^FROM /m)
  return [...lines.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].map(([, rest = '']) => rest)
}

describe('the Dockerfile', () => {
  test('what it copies for the pages is enough to build them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tallycast-pages-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    for (const files of linesOf('pages', 'COPY')) {
      for (const file of files.split(' ').slice(0, -1)) {
        cpSync(join(root, file), join(folder, file), { recursive: true, filter: (path) => !path.endsWith('/dist') })
      }
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const [install = '', build = ''] = linesOf('pages', 'RUN')
    // Vite and what it is made of are among those.
    expect(install).not.toMatch(/--omit/)
    const [program = '', ...args] = build.split(' ')
    await promisify(execFile)(program, args, { cwd: folder })
    expect(readdirSync(join(folder, 'web/dist'))).toContain('manifest.json')
  })

  test('all that its processes import is in the image', () => {
    const sources = readSources(root, ['src', 'contract', 'client', 'web'])
    const reached = new Set([...sources.keys()].filter((path) => path.startsWith('src/') && isCode(path)))
    // What is added while it is gone through is gone through as well.
    for (const path of reached) {
      for (const { specifier, isTypeOnly } of readImports(path, sources.get(path) ?? '')) {
        const target = resolveImport(sources, path, specifier)
        if (target.kind === 'file' && !isTypeOnly && isCode(target.path)) reached.add(target.path)
      }
    }
    const removed = linesOf('sources', 'RUN').flatMap((line) => line.split(' '))
    const copied = linesOf('production', 'COPY').map((line) => line.split(' ').at(-1)?.replace('./', '') ?? '')
    const isCopied = (path: string): boolean => copied.some((folder) => folder !== '' && path.startsWith(`${folder}/`))
    const isRemoved = (path: string): boolean => removed.includes(path.split('/')[0] ?? '')
    expect([...reached].filter((path) => path.startsWith('web/')).length).toBeGreaterThan(0)
    expect([...reached].filter((path) => isRemoved(path) && !isCopied(path))).toEqual([])
    expect(copied).toContain('web/messages')
  })

  test('the commands that the page for operators runs in containers are in the image, and have there what they need', () => {
    const page = read('docs/operations.md')
    const inContainers =
      /^(?:docker compose exec (?<service>\w+)|kubectl exec deploy\/tallycast-(?<pod>\w+) --) node (?<path>src\/main\/(?<command>\w+)\.ts) /gm
    const lines = [...page.matchAll(inContainers)].map(({ groups = {} }) => groups)
    expect(lines.map(({ command }) => command)).toEqual([...besides, ...besides])
    expect(
      lines.every(({ path = '', service, pod }) => existsSync(join(root, path)) && (service ?? pod) === 'api'),
    ).toBe(true)
    for (const command of besides) {
      for (const file of ['docker-compose.yml', 'deploy/compose.scale.yml']) {
        const given = Object.entries(readCompose(file).services['api']?.environment ?? {})
        const environment = Object.fromEntries(given.map(([name, value]) => [name, interpolate(value)]))
        expect(readConfig(environment, command).databaseUrl).toContain('@postgres:5432/')
      }
    }
    expect(page).toContain('\ndocker compose run --build --rm migrate\n')
    expect(linesOf('base', 'WORKDIR')).toEqual(['/app'])
    expect(linesOf('production', 'USER')).toEqual(['node'])
  })

  test('it keeps to the grammar of Dockerfiles', () => {
    expect(dockerfileProblems(read('Dockerfile'))).toEqual([])
  })

  test.each([
    ['an instruction that does not exist', 'WORKDIR', 'WORKINGDIR'],
    ['a duration without a unit', '--timeout=3s', '--timeout=3'],
    ['a flag that does not exist', 'COPY --from=sources', 'COPY --form=sources'],
  ])('a Dockerfile with %s is refused', (_what, from, to) => {
    const broken = read('Dockerfile').replace(from, to)
    expect(broken).not.toBe(read('Dockerfile'))
    expect(dockerfileProblems(broken)).not.toEqual([])
  })
})
