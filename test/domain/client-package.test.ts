import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as sources from '../../client/src/index.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../client')
const gzippedBytesMax = 5 * 1024

let folder: string
let code: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tallycast-client-'))
  await build({ configFile: join(root, 'vite.config.ts'), build: { outDir: folder, emptyOutDir: true } })
  code = await readFile(join(folder, 'index.js'), 'utf8')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the client is one file of less than 5 KB on the wire, and brings nothing along', async () => {
  const bytes = gzipSync(code, { level: 9 }).length
  console.log(`${bytes} bytes, gzipped`)
  expect(bytes).toBeLessThan(gzippedBytesMax)
  expect(code).not.toMatch(/\bimport\b|\brequire\b/)
  // Needs https, and a poll in a venue's own network has none.
  expect(code).not.toContain('randomUUID')
})

test('what was built can be loaded by Node and exports what the sources do', async () => {
  const program = `console.log(JSON.stringify(Object.keys(await import(process.argv[1]))))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program, join(folder, 'index.js')])
  expect(JSON.parse(stdout)).toEqual(Object.keys(sources).toSorted())
})

test('the package names files that its build makes, and no dependency', async () => {
  const described = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Readonly<Record<string, unknown>>
  expect(Object.keys(described).filter((name) => /dependencies/i.test(name))).toEqual([])
  expect(described).toMatchObject({ type: 'module', exports: { '.': { default: './dist/index.js' } } })
})
