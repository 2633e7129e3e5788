import pg from 'pg'
import { insertVotes } from '../../test/support/many-votes.ts'
import { residentMiB } from '../../test/support/process-figures.ts'
import { openSlowReader } from '../../test/support/slow-reader.ts'
import { againstFloor, type Outcome, plainFigure } from '../figure.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from '../site/cpu-time.ts'
import { type Installation, startInstallation } from '../site/installation.ts'

const rounds = 3
/** BENCH_VOTES: fewer, for a quick look. */
const votes = Number(process.env['BENCH_VOTES'] ?? 1_000_000)
const sampleEveryMs = 50
/** Else Node lets garbage lie for as long as the machine has memory, and nobody sees what is needed. */
const nodeOptions = '--max-semi-space-size=1 --max-old-space-size=90'

/** All votes of a large poll as a file, by an api that may hold next to nothing of it: as CSV, and as JSON. */
export async function exportVotes(): Promise<Outcome> {
  const installation = await startInstallation({ underTest: 'api', env: { NODE_OPTIONS: nodeOptions } })
  const { apiUrl, database } = installation
  try {
    const { id } = await installation.createPoll({ options: ['Tea', 'Coffee'], voter_visibility: 'public' })
    await insertVotes(database, id, votes)
    await database.query('vacuum analyze vote')
    const csv = await prove(`${apiUrl}/polls/${id}/export.csv?part=votes`)
    const json = await prove(`${apiUrl}/polls/${id}/export.json`)
    const ofCsv: Round[] = []
    const ofJson: Round[] = []
    for (let round = 0; round < rounds; round += 1) {
      ofCsv.push(await measure(installation, csv, id))
      ofJson.push(await measure(installation, json, id))
    }
    const all = [...ofCsv, ...ofJson]
    const of = (form: readonly Round[], what: 'rate' | 'cpu') =>
      form.map((round) => ({ product: round[what], floor: round.floor[what] }))
    const ownCpu = (form: readonly Round[]): readonly number[] => form.map(({ apiCpu }) => apiCpu)
    return {
      figures: [
        againstFloor('CSV', 'votes/s', of(ofCsv, 'rate'), floorIs, null),
        againstFloor('JSON', 'votes/s', of(ofJson, 'rate'), floorIs, null),
        againstFloor('CPU of api and PostgreSQL, CSV', 'us/vote', of(ofCsv, 'cpu'), floorIs, null),
        againstFloor('CPU of api and PostgreSQL, JSON', 'us/vote', of(ofJson, 'cpu'), floorIs, null),
        plainFigure('CPU of the api, CSV', 'us/vote', ownCpu(ofCsv), null),
        plainFigure('CPU of the api, JSON', 'us/vote', ownCpu(ofJson), null),
        plainFigure('memory of the api, most', 'MiB', [Math.max(...all.map(({ most }) => most))], null),
        plainFigure('memory of the api, grown by', 'MiB', [Math.max(...all.map(({ grown }) => grown))], { atMost: 60 }),
      ],
      checked: [
        'every vote is in the export once, under a name of its own, and each export that was measured is whole',
      ],
    }
  } finally {
    await installation.stop()
  }
}

/** An export that has every vote once, and how long it is. */
type Proven = { readonly url: string; readonly bytes: number }

const voterForm = /v_[0-9a-f]{24}/g
const voterCharacters = 26

async function prove(url: string): Promise<Proven> {
  const names = new Set<string>()
  let found = 0
  let bytes = 0
  let rest = ''
  const { body } = await fetch(url)
  for await (const piece of body ?? []) {
    bytes += piece.byteLength
    const text = rest + Buffer.from(piece).toString('latin1')
    for (const [name] of text.matchAll(voterForm)) {
      found += 1
      names.add(name)
    }
    // A name may be cut in two; what is kept is too short for a whole one.
    rest = text.slice(1 - voterCharacters)
  }
  if (found !== votes || names.size !== votes) {
    throw new Error(`${url} has ${found} votes of ${names.size} voters instead of ${votes}`)
  }
  return { url, bytes }
}

const floorIs = 'COPY of the same rows to nowhere'

/** Votes per second, and processor time per vote in microseconds. */
type Cost = { readonly rate: number; readonly cpu: number }

/** Memory in MiB. */
type Round = Cost & {
  readonly floor: Cost
  readonly apiCpu: number
  readonly most: number
  readonly grown: number
}

async function measure(installation: Installation, { url, bytes }: Proven, pollId: string): Promise<Round> {
  const { role, pids } = installation
  const apiPid = role('api').pid()
  const before = residentMiB(apiPid)
  let most = before
  const sampling = setInterval(() => (most = Math.max(most, residentMiB(apiPid))), sampleEveryMs)
  const cpuBefore = readCpuTimes(pids())
  const began = performance.now()
  const read = await (await openSlowReader(url)).readOn()
  const ms = performance.now() - began
  const used = cpuTimeSince(cpuBefore, readCpuTimes(pids()))
  clearInterval(sampling)
  if (read.over !== 'whole' || read.bytes !== bytes) {
    throw new Error(`${url} was ${read.over}, with ${read.bytes} bytes instead of ${bytes}`)
  }
  return {
    rate: (votes / ms) * 1000,
    cpu: sumOf(used, ['api', 'postgres']) / votes,
    floor: await copyToNowhere(installation, pollId),
    apiCpu: sumOf(used, ['api']) / votes,
    most,
    grown: most - before,
  }
}

/** What PostgreSQL alone needs to sort these rows and to write them as text. */
async function copyToNowhere({ database, pids }: Installation, pollId: string): Promise<Cost> {
  const cpuBefore = readCpuTimes(pids())
  const began = performance.now()
  const { rowCount } = await database.query(
    `copy (
       select encode(voter, 'hex'), selection from vote
       where poll_id = ${pg.escapeLiteral(pollId)} and round = 1 order by sha256('salt'::bytea || voter)
     ) to '/dev/null'`,
  )
  const ms = performance.now() - began
  const used = cpuTimeSince(cpuBefore, readCpuTimes(pids()))
  if (rowCount !== votes) throw new Error(`${rowCount} rows were copied instead of ${votes}`)
  return { rate: (votes / ms) * 1000, cpu: sumOf(used, ['postgres']) / votes }
}
