import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { runCommand } from '../../src/runtime/run-command.ts'
import { keepOnLeash } from '../support/leash.ts'
import type { TestServers } from '../support/test-servers.ts'
import { applyEdit, type Edit, type NamedTest } from './mutant.ts'

/** `path` is the title with those of the blocks around it; `failure` begins with what was thrown, null where it passed. */
export type TestResult = {
  readonly file: string
  readonly title: string
  readonly path: string
  readonly failure: string | null
}

const root = join(import.meta.dirname, '../..')
/** Not the product, or (the packages) lent to the copy rather than copied. */
const notCopied = new Set(['node_modules', '.git', '.cache', 'data', 'coverage'])
const withinMs = 240_000
const failureCharactersMax = 300

/** Runs the named tests, and no others, on a throw-away copy of this tree in which the edits are done. */
export async function runTests(
  edits: readonly Edit[],
  tests: readonly NamedTest[],
  servers: Pick<TestServers, 'postgresUrl' | 'redisUrl'>,
): Promise<readonly TestResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tallycast-mutant-'))
  const leash = keepOnLeash(folder, 'none.pid')
  try {
    await copyTree(folder)
    for (const edit of edits) {
      const path = join(folder, edit.file)
      await writeFile(path, applyEdit(await readFile(path, 'utf8'), edit))
    }
    return await runVitest(folder, tests, servers)
  } finally {
    await rm(folder, { recursive: true, force: true })
    leash.release()
  }
}

async function copyTree(folder: string): Promise<void> {
  await cp(root, folder, { recursive: true, filter: (source) => source === root || !notCopied.has(basename(source)) })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
}

async function runVitest(
  folder: string,
  tests: readonly NamedTest[],
  { postgresUrl, redisUrl }: Pick<TestServers, 'postgresUrl' | 'redisUrl'>,
): Promise<readonly TestResult[]> {
  const resultsPath = join(folder, 'results.json')
  const files = [...new Set(tests.map(({ file }) => file))]
  const titles = [...new Set(tests.map(({ title }) => RegExp.escape(title)))].join('|')
  const program = join(folder, 'node_modules/vitest/vitest.mjs')
  const reporter = ['--reporter=json', `--outputFile.json=${resultsPath}`]
  const { output } = await runCommand(
    process.execPath,
    [program, 'run', '--retry=0', ...reporter, '-t', titles, ...files],
    {
      withinMs,
      cwd: folder,
      // None of the tests needs a browser: this one is never started, and keeps each run from looking for another.
      env: {
        ...process.env,
        TEST_DATABASE_URL: postgresUrl,
        TEST_REDIS_URL: redisUrl,
        CHROMIUM_PATH: process.execPath,
      },
    },
  )
  const written = await readFile(resultsPath, 'utf8').catch(() => null)
  if (written === null) throw new Error(`vitest wrote no results:\n${output}`)
  return readResults(folder, written)
}

/** What vitest's reporter writes, as far as it is needed here. */
type Written = {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly title: string
      readonly ancestorTitles: readonly string[]
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

function readResults(folder: string, text: string): readonly TestResult[] {
  const { testResults } = JSON.parse(text) as Written
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .map(({ title, ancestorTitles, status, failureMessages }) => ({
        file: name.slice(name.indexOf(basename(folder)) + basename(folder).length + 1),
        title,
        path: [...ancestorTitles, title].filter((part) => part !== '').join(' > '),
        failure: status === 'passed' ? null : (failureMessages[0] ?? 'failed').slice(0, failureCharactersMax),
      })),
  )
}
