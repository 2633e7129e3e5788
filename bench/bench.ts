// npm run bench [-- names]: measures the product stage by stage, each against its own floor in the same run.
//   --compare   also shows the change since the accepted run
//   --accept    keeps this run as the accepted one, in bench/results/
//   --most N    growth: votes in the largest poll (default 1,000,000; a power of ten from 100,000 on)
//   --polls N   growth: the most polls that are voted on at once (default 10,000, which takes minutes)
//   --minutes N --rate N    soak: for how long (default 30), and with how many votes a second (default: half of what is measured)
//   --before FOLDER         before: a clone of the earlier commit, with its `npm ci` done
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Outcome } from './figure.ts'
import { isMet } from './figure.ts'
import { describeChange, describeOutcome } from './report.ts'
import { keepToRestCore } from './site/cores.ts'
import { type Asked, type Stage, stages } from './stages.ts'

const acceptedFolder = join(import.meta.dirname, 'results')
/** Every run is kept here until the next one; not in the repository. */
const lastFolder = join(import.meta.dirname, '../.cache/bench')

export type Result = Outcome & {
  readonly stage: string
  readonly measuredAt: string
  readonly tookSeconds: number
  readonly commit: string
  readonly machine: Readonly<Record<string, string | number>>
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      compare: { type: 'boolean', default: false },
      accept: { type: 'boolean', default: false },
      most: { type: 'string' },
      polls: { type: 'string' },
      minutes: { type: 'string' },
      rate: { type: 'string' },
      before: { type: 'string' },
    },
    allowPositionals: true,
  })
  const unknown = positionals.filter((name) => !stages.some((stage) => stage.name === name))
  if (unknown.length > 0) {
    const known = stages.map(
      ({ name, about, isLong = false }) => `  ${name.padEnd(12)}${about}${isLong ? ' (long)' : ''}`,
    )
    throw new Error(`there is no benchmark ${unknown.join(', ')}; there are:\n${known.join('\n')}`)
  }
  const asked: Asked = {
    most: readNumber('--most', values.most),
    mostPolls: readNumber('--polls', values.polls),
    minutes: readNumber('--minutes', values.minutes),
    votesPerSecond: readNumber('--rate', values.rate),
    before: values.before ?? null,
  }
  const chosen =
    positionals.length > 0
      ? stages.filter(({ name }) => positionals.includes(name))
      : stages.filter(({ isLong = false }) => !isLong)
  if (!keepToRestCore()) console.warn('On this machine nothing can be kept to one core: the ratios mean less.')
  let missed = 0
  for (const stage of chosen) {
    const result = await measure(stage, asked)
    console.log(`\n${describeOutcome(stage.name, result)}`)
    missed += result.figures.filter((figure) => isMet(figure) === false).length
    const accepted = readAccepted(stage.name)
    if (values.compare && accepted !== null) console.log(`\n${describeChange(stage.name, accepted, result)}`)
    write(lastFolder, result)
    if (values.accept) write(acceptedFolder, result)
  }
  console.log(missed === 0 ? '\nEvery goal was met.' : `\n${missed} goals were MISSED.`)
}

/** Null where nothing was asked for. */
function readNumber(name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${name} takes a number above 0, not ${text}`)
  return value
}

async function measure(stage: Stage, asked: Asked): Promise<Result> {
  console.log(`\n${stage.name}: ${stage.about} ...`)
  const beganAt = performance.now()
  const outcome = await stage.run(asked)
  const tookSeconds = Math.round((performance.now() - beganAt) / 1000)
  return {
    stage: stage.name,
    measuredAt: new Date().toISOString(),
    tookSeconds,
    commit: commit(),
    machine: machine(),
    ...outcome,
  }
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
    return `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' and more'}`
  } catch {
    return 'unknown'
  }
}

function machine(): Result['machine'] {
  const processors = cpus()
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
  }
}

function readAccepted(name: string): Result | null {
  const path = join(acceptedFolder, `${name}.json`)
  // What `write` wrote.
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Result) : null
}

function write(folder: string, result: Result): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${result.stage}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

try {
  await main()
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : fault)
  process.exitCode = 1
}
