// npm run mutants: breaks the product on purpose, one way at a time, and expects the tests to notice. A test that cannot fail
// proves nothing. `npm run mutants -- door` runs those whose name has the word; `--at-once 1` one after the other; `--part 2/5`
// all that need rules alone, and the second fifth of those that need servers, which take most of the time.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { provideTestServers } from '../support/test-servers.ts'
import { applyEdit, type Mutant, type NamedTest } from './mutant.ts'
import { mutants } from './mutants.ts'
import { runTests, type TestResult } from './run-tests.ts'

const root = join(import.meta.dirname, '../..')
const usage = 'npm run mutants -- [--at-once N] [--part K/N] [words of their names]'

type Verdict = { readonly isCaught: boolean; readonly lines: readonly string[] }

async function main(): Promise<number> {
  const { atOnce, part, words } = readOptions()
  const chosen = choose(part).filter(({ breaks }) => words.every((word) => breaks.includes(word)))
  if (chosen.length === 0) throw new Error(`no mutant is named so\n${usage}`)
  await checkEdits(mutants)
  const servers = await provideTestServers()
  try {
    const named = uniqueTests(chosen)
    console.log(`unmutated: ${named.length} tests of ${new Set(named.map(({ file }) => file)).size} files`)
    const silent = missingOrFailed(named, await runTests([], named, servers))
    if (silent.length > 0) throw new Error(`these do not pass while nothing is broken:\n${silent.join('\n')}`)
    const survivors: string[] = []
    await eachAtOnce(chosen, atOnce, async (mutant) => {
      const begun = performance.now()
      const { isCaught, lines } = judge(mutant, await runTests(mutant.edits, mutant.caughtBy, servers))
      if (!isCaught) survivors.push([mutant.breaks, ...lines].join('\n    '))
      const seconds = ((performance.now() - begun) / 1000).toFixed(1)
      console.log(`${isCaught ? 'caught  ' : 'SURVIVED'} ${mutant.breaks} (${seconds} s)`)
      for (const line of lines) console.log(`           ${line}`)
    })
    for (const survivor of survivors) console.log(`SURVIVED ${survivor}`)
    console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants caught`)
    return survivors.length === 0 ? 0 : 1
  } finally {
    await servers.stop()
  }
}

/** The `number`th of `of` parts, counted from 1. */
type Part = { readonly number: number; readonly of: number }
type Options = { readonly atOnce: number; readonly part: Part | null; readonly words: readonly string[] }

function readOptions(): Options {
  const { values, positionals } = parseArgs({
    options: { 'at-once': { type: 'string', default: '3' }, part: { type: 'string' } },
    allowPositionals: true,
  })
  const atOnce = Number(values['at-once'])
  if (!Number.isInteger(atOnce) || atOnce < 1) throw new Error(`--at-once takes a number from 1\n${usage}`)
  return { atOnce, part: values.part === undefined ? null : readPart(values.part), words: positionals }
}

function readPart(text: string): Part {
  const [, number = 0, of = 0] = (/^([1-9]\d?)\/([1-9]\d?)$/.exec(text) ?? []).map(Number)
  if (number === 0 || number > of) throw new Error(`--part takes K/N, as 2/5 for the second of five parts\n${usage}`)
  return { number, of }
}

/** All of them, or those that rules alone catch with one of the parts into which the others fall; each is in one part. */
function choose(part: Part | null): readonly Mutant[] {
  if (part === null) return mutants
  const isOfRules = ({ caughtBy }: Mutant): boolean => caughtBy.every(({ file }) => file.startsWith('test/domain/'))
  const others = mutants.filter((mutant) => !isOfRules(mutant))
  const drawn = others.filter((_, index) => index % part.of === part.number - 1)
  console.log(`the rules' ${mutants.length - others.length} mutants, and ${drawn.length} of the other ${others.length}`)
  return [...mutants.filter(isOfRules), ...drawn]
}

/** Throws where a text that is to be replaced does not stand there any more: before anything was run, and not in the middle of it. */
async function checkEdits(chosen: readonly Mutant[]): Promise<void> {
  for (const edit of chosen.flatMap(({ edits }) => edits))
    applyEdit(await readFile(join(root, edit.file), 'utf8'), edit)
}

function uniqueTests(chosen: readonly Mutant[]): readonly NamedTest[] {
  const tests = chosen.flatMap(({ caughtBy }) => caughtBy)
  return [...new Map(tests.map((test) => [`${test.file} ${test.title}`, test])).values()]
}

/** A test that was renamed, or fails by itself, would catch everything or nothing. */
function missingOrFailed(named: readonly NamedTest[], results: readonly TestResult[]): readonly string[] {
  return named.flatMap((test) => {
    const found = results.filter((result) => isTest(result, test))
    const failed = found.filter(({ failure }) => failure !== null)
    if (found.length > 0 && failed.length === 0) return []
    return [`${test.file}: ${test.title}: ${failed[0]?.failure ?? 'there is no such test'}`]
  })
}

/** Only what a named test asserts counts: a mutant that does not even run is none. */
function judge({ caughtBy }: Mutant, results: readonly TestResult[]): Verdict {
  const noticed = results.flatMap(({ file, title, path, failure }) =>
    failure !== null && isAssertion(failure) && caughtBy.some((test) => isTest({ file, title }, test))
      ? [`${file}: ${path}`]
      : [],
  )
  if (noticed.length > 0) return { isCaught: true, lines: noticed }
  if (results.length === 0) return { isCaught: false, lines: ['no named test has run'] }
  const others = results.flatMap(({ path, failure }) => (failure === null ? [] : [`${path}: ${failure}`]))
  return { isCaught: false, lines: others.length > 0 ? others : ['every named test passed'] }
}

function isTest(result: { readonly file: string; readonly title: string }, test: NamedTest): boolean {
  return result.file === test.file && result.title === test.title
}

/** An expectation, a property of fast-check, or a wait for a condition that did not come true. */
function isAssertion(failure: string): boolean {
  return /^(?:AssertionError|Error: (?:Property failed|not within \d+ ms|promise (?:resolved|rejected)|expected ))/.test(
    failure,
  )
}

async function eachAtOnce<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      // All take from the same row, so each item is taken once.
      for (const item of left) await work(item)
    }),
  )
}

try {
  process.exitCode = await main()
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : fault)
  process.exitCode = 1
}
