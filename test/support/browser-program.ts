import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { runCommand } from '../../src/runtime/run-command.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const installWithinMs = 300_000

/** Everything that a browser does on its own account, of which nobody here wants anything. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Where Chromium lies; without one, what the attempt to fetch it said. */
export type BrowserProgram = { readonly path: string | null; readonly problem: string }

/** CHROMIUM_PATH, else the Chromium of this machine, else one that is fetched now: Debian's for root, else playwright's. */
export const provideBrowser = async (): Promise<BrowserProgram> => {
  const found = findBrowser()
  if (found !== null) return { path: found, problem: '' }
  console.log('no Chromium on PATH: fetching one for the tests of the page')
  const problem = process.getuid?.() === 0 ? await installDebians() : ''
  const installed = findBrowser()
  if (installed !== null) return { path: installed, problem: '' }
  const playwrights = chromium.executablePath()
  if (isProgram(playwrights)) return { path: playwrights, problem: '' }
  const secondProblem = await installPlaywrights()
  return { path: isProgram(playwrights) ? playwrights : null, problem: `${problem}${secondProblem}` }
}

/** Starts it, without a window. Throws where there is none. */
export const launchBrowser = async ({ path, problem }: BrowserProgram): Promise<Browser> => {
  if (path === null) throw new Error(`no Chromium: install one, or name it in CHROMIUM_PATH\n${problem}`)
  return chromium.launch({ executablePath: path, headless: true, args: quiet })
}

const findBrowser = (): string | null => {
  const given = process.env['CHROMIUM_PATH']
  if (given !== undefined && given !== '') return given
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram) ?? null
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The lists of packages may be missing or old; so update only when needed. Returns what went wrong. */
const installDebians = async (): Promise<string> => {
  const install = ['install', '-y', '-q', '--no-install-recommends', 'chromium']
  if ((await aptGet(install)).exitCode === 0) return ''
  await aptGet(['update', '-q'])
  const { exitCode, output } = await aptGet(install)
  return exitCode === 0 ? '' : output
}

const aptGet = async (args: readonly string[]) =>
  runCommand('apt-get', args, {
    withinMs: installWithinMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  })

const installPlaywrights = async (): Promise<string> => {
  const program = join(import.meta.dirname, '../../node_modules/playwright-core/cli.js')
  const { exitCode, output } = await runCommand(process.execPath, [program, 'install', 'chromium'], {
    withinMs: installWithinMs,
  })
  return exitCode === 0 ? '' : output
}
