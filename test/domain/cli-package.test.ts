import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../cli')
const withinMs = 60_000

let folder: string
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'tallycast-cli-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** With the machine's own Node, which is older than ours, as it would be elsewhere; nothing is fetched. */
async function runOutside(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { PATH = '', ...others } = process.env
  const path = PATH.split(delimiter).filter((place) => !place.includes('node_modules'))
  const env = {
    ...others,
    PATH: path.join(delimiter),
    npm_config_offline: 'true',
    npm_config_cache: join(folder, 'cache'),
  }
  const { stdout } = await promisify(execFile)(program, args, { cwd, env, timeout: withinMs })
  return stdout
}

test(
  'packed, and installed in an empty folder without a network, it runs on the Node of the machine',
  async () => {
    const [source, target] = [join(folder, 'source'), join(folder, 'target')]
    for (const path of [source, target]) mkdirSync(path)
    for (const name of ['package.json', 'README.md', 'bin'])
      cpSync(join(root, name), join(source, name), { recursive: true })
    await build({ configFile: join(root, 'vite.config.ts'), build: { outDir: join(source, 'dist') } })
    const packed = (await runOutside('npm', ['pack', '--silent', '--pack-destination', target], source)).trim()
    await runOutside('npm', ['init', '--yes'], target)
    await runOutside('npm', ['install', '--no-audit', '--no-fund', `./${packed}`], target)
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string }
    expect(await runOutside('npx', ['tallycast', '--version'], target)).toBe(`${version}\n`)
    expect(await runOutside('npx', ['tallycast', '--help'], target)).toContain('tallycast watch <poll>')
    await expect(runOutside('npx', ['tallycast', 'recount', '--all'], target)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tallycast: "recount" is not to be had here: .* npm run recount\n/),
    })
  },
  2 * withinMs,
)

test('the package needs no other, and the clone links its command', () => {
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>
  const described = read(join(root, 'package.json'))
  expect(Object.keys(described).filter((name) => /dependencies/i.test(name))).toEqual([])
  expect(described).toMatchObject({ bin: { tallycast: 'bin/tallycast.js' }, files: ['bin', 'dist'] })
  expect(read(join(root, '../package.json'))).toMatchObject({ devDependencies: { 'tallycast-cli': 'file:cli' } })
})
