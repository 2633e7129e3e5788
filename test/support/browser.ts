import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { runCommand } from '../../src/runtime/run-command.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const installWithinMs = 300_000

/** Everything that a browser does on its own account, of which a test wants nothing. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A real Chromium: CHROMIUM_PATH, else the one of this machine, else one that is fetched now. */
export const startBrowser = async (): Promise<Browser> =>
  chromium.launch({ executablePath: findBrowser() ?? (await fetchBrowser()), headless: true, args: quiet })

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

const fetchBrowser = async (): Promise<string> => {
  const path = chromium.executablePath()
  if (isProgram(path)) return path
  console.log('no Chromium on PATH: fetching one for the tests of the page')
  const program = join(import.meta.dirname, '../../node_modules/playwright-core/cli.js')
  const command = [program, 'install', 'chromium']
  const { exitCode, output } = await runCommand(process.execPath, command, { withinMs: installWithinMs })
  if (exitCode === 0 && isProgram(path)) return path
  throw new Error(`no Chromium: install one, or name it in CHROMIUM_PATH\n${output}`)
}
