// npm run lighthouse: what Lighthouse says of the page on which people vote, as on a phone with a slow network; the median of five runs. It is fetched
// when this runs, in this version: with its 114 packages it is no part of what an install needs.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../src/runtime/run-command.ts'
import { provideBrowser } from '../test/support/browser-program.ts'
import { createDataFolder, startEmbedded } from '../test/support/embedded-system.ts'
import { organisePoll } from '../test/support/organiser.ts'
import { median } from './figure.ts'

const lighthouse = 'lighthouse@13.5.0'
const runs = 5
const runWithinMs = 180_000
const scoreMin = 95
const categories = ['performance', 'accessibility', 'best-practices'] as const

type Report = {
  readonly categories: Readonly<Record<string, { readonly score: number | null }>>
  readonly audits: Readonly<
    Record<string, { readonly id: string; readonly title: string; readonly score: number | null }>
  >
}

async function main(): Promise<void> {
  const { path, problem } = await provideBrowser()
  if (path === null) throw new Error(`no Chromium: install one, or name it in CHROMIUM_PATH\n${problem}`)
  const dataFolder = createDataFolder()
  const system = await startEmbedded({ dataDir: dataFolder.path })
  try {
    await system.welcomes()
    const { id } = await organisePoll(system.url)
    const reports: Report[] = []
    for (let run = 0; run < runs; run += 1) reports.push(await judge(`${system.url}/p/${id}`, path))
    for (const category of categories) {
      const score = median(reports.map((report) => 100 * (report.categories[category]?.score ?? 0)))
      console.log(
        `${category.padEnd(16)}${score.toFixed(0)}${score < scoreMin ? `  MISSED: at least ${scoreMin}` : ''}`,
      )
      if (score < scoreMin) process.exitCode = 1
    }
    const lacking = Object.values(reports[0]?.audits ?? {}).filter(({ score }) => score !== null && score < 0.9)
    for (const { id: audit, title } of lacking) console.log(`  ${audit}: ${title}`)
  } finally {
    await system.stop()
    dataFolder.remove()
  }
}

async function judge(url: string, chromium: string): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'tallycast-lighthouse-'))
  const file = join(folder, 'report.json')
  const asked = ['--output=json', `--output-path=${file}`, '--quiet', `--only-categories=${categories.join()}`]
  const flags = '--chrome-flags=--headless --no-sandbox --disable-gpu'
  try {
    const { exitCode, output } = await runCommand('npx', ['--yes', lighthouse, url, ...asked, flags], {
      withinMs: runWithinMs,
      env: { ...process.env, CHROME_PATH: chromium },
    })
    if (exitCode !== 0) throw new Error(output)
    // What Lighthouse documents of its report.
    return JSON.parse(await readFile(file, 'utf8')) as Report
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

await main()
