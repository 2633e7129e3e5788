import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDataFolder, type DataFolder, type EmbeddedSystem, startEmbedded } from '../support/embedded-system.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'

let folder: DataFolder
let system: EmbeddedSystem
const demos: ServerProcess[] = []

beforeAll(async () => {
  folder = createDataFolder()
  system = await startEmbedded({ dataDir: folder.path })
  await system.welcomes()
})
afterAll(async () => {
  await Promise.all(demos.map(async (demo) => demo.stop()))
  await system.stop()
  folder.remove()
})

const runDemo = async (...args: readonly string[]): Promise<{ exitCode: number | null; output: string }> => {
  const demo = startServerProcess({ name: 'demo', program: 'demo', args })
  demos.push(demo)
  const { exitCode } = await demo.ended(60_000)
  return { exitCode, output: demo.output() }
}

test('the demo votes, watches, and finds that everything agrees', async () => {
  const { exitCode, output } = await runDemo('--url', system.url, '--voters', '300', '--viewers', '20')
  console.log(output.slice(output.indexOf('  accepted')))
  expect(exitCode).toBe(0)
  const accepted = Number(/accepted +(\d+) /.exec(output)?.[1])
  // The crowd, and ten probes or more.
  expect(accepted).toBeGreaterThanOrEqual(310)
  expect(output).toMatch(new RegExp(`recorded +${accepted} +in the final result`))
  expect(output).toMatch(/repeated +6 /)
  expect(output).toMatch(/refused +6 +already_voted 6/)
  expect(output).toContain('✓ Recount')
})

test('the demo says what to do where nothing answers', async () => {
  const [port] = await findFreePorts(1)
  const { exitCode, output } = await runDemo('--url', `http://127.0.0.1:${port}`)
  expect(exitCode).toBe(1)
  expect(output).toContain('Start Tallycast with: npm start')
  expect(output).not.toContain('    at ')
})

test.each([['--voters', '0'], ['--rate', 'fast'], ['--url', 'nowhere'], ['--colour']])(
  'the demo explains its options when it cannot use %s',
  async (...args) => {
    const { exitCode, output } = await runDemo(...args)
    expect(exitCode).toBe(2)
    expect(output).toContain(args[0])
    expect(output).toContain('npm run demo --')
  },
)
