import { type Answer, createKeepAliveClient, type KeepAliveClient } from '../../test/support/keep-alive-client.ts'
import type { OrganisedPoll } from '../../test/support/organiser.ts'
import { waitUntil } from '../../test/support/wait-until.ts'
import { againstFloor, type Figure, type Outcome, percentilesOf } from '../figure.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from '../site/cpu-time.ts'
import { type FloorProcess, startFloor } from '../site/floor-process.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { type Load, type LoadTarget, startLoad } from '../site/load.ts'

const rounds = 3
const connections = 64
const roundMs = 2_000
const warmUpMs = 1_500
const calmMs = 5_000
const calmShare = 0.7
/** What Node itself adds to an answer, in the floor as in the product. */
const ownHeaders = ['date', 'connection', 'keep-alive']

/** One way to read a poll: what is asked, and what the product answers to it. */
type Reading = { readonly name: string; readonly path: string; readonly etag: string | null; readonly answer: Answer }

/** One measurement; CPU of the serving process in microseconds per answer. */
type Round = { readonly perSecond: number; readonly cpu: number; readonly latencies: readonly number[] }

/** A poll that is in the api's memory, read whole, its results alone, and by readers who have it already. */
export async function read(): Promise<Outcome> {
  const load = startLoad()
  const installation = await startInstallation({ underTest: 'api' })
  const client = createKeepAliveClient(installation.apiUrl)
  try {
    const poll = await installation.createPoll()
    const figures: Figure[] = []
    const readings = await checkReadings(poll, client)
    let latencies: readonly number[] = []
    for (const reading of readings) {
      const measured = await measureReading(load, installation, reading)
      figures.push(...figuresOf(reading, measured.rounds))
      if (reading === readings[0]) latencies = await measureCalm(load, installation, reading, measured.rounds)
    }
    return {
      figures,
      checked: [
        'bodies say what the poll is, once with 0 votes and once with 1',
        'the ETag changes with a vote, and 304 is answered to the newest one alone',
        'every answer of the load has the status and the length of the one that was looked at',
      ],
      latenciesMs: { [`GET /polls/{id} at ${calmShare * 100} %`]: percentilesOf(latencies) },
    }
  } finally {
    client.close()
    await load.stop()
    await installation.stop()
  }
}

/** Throws unless reads say what is, and 304 is said to those alone who have the newest. */
async function checkReadings(poll: OrganisedPoll, client: KeepAliveClient): Promise<readonly Reading[]> {
  const [first = 0] = poll.optionIds
  const readings: Reading[] = []
  const forms = [
    ['GET /polls/{id}', `/polls/${poll.id}`],
    ['GET .../results', `/polls/${poll.id}/results`],
  ] as const
  const before = new Map<string, string>()
  for (const [, path] of forms) before.set(path, await etagOf(client, path, 0))
  const voted = await client.send('POST', `/polls/${poll.id}/vote`, { body: { option_id: first } })
  if (voted.status !== 202) throw new Error(`the vote was answered ${voted.status}`)
  for (const [name, path] of forms) {
    const old = before.get(path) ?? ''
    await waitUntil(async () => (await readIfNew(client, path, old)).status === 200, { what: `${path} has the vote` })
    const etag = await etagOf(client, path, 1)
    const known = await readIfNew(client, path, etag)
    if (etag === old || known.status !== 304 || known.body !== '') {
      throw new Error(`${path} answered ${known.status} to its ETag ${etag}; before the vote it was ${old}`)
    }
    readings.push({ name, path, etag: null, answer: await client.send('GET', path) })
    readings.push({ name: `${name}, 304`, path, etag, answer: known })
  }
  return readings
}

async function readIfNew(client: KeepAliveClient, path: string, etag: string): Promise<Answer> {
  return client.send('GET', path, { headers: { 'if-none-match': etag } })
}

/** The ETag of a body that says so many votes, all of them for the first option. */
async function etagOf(client: KeepAliveClient, path: string, votes: number): Promise<string> {
  const { status, headers, body } = await client.send('GET', path)
  // What the documented answer holds; it is compared just below.
  const { total_votes: total, options } = body as { total_votes: number; options: { votes: number }[] }
  const counts = options.map((option) => option.votes)
  const expected = counts.map((_, index) => (index === 0 ? votes : 0))
  if (status !== 200 || total !== votes || counts.join() !== expected.join()) {
    throw new Error(`${path} answered ${status} ${JSON.stringify(body)}, and there are ${votes} votes`)
  }
  return headers.etag ?? ''
}

/** Product and floor in turn; the floor sends the product's bytes, header for header. */
async function measureReading(
  load: Load,
  installation: Installation,
  reading: Reading,
): Promise<{ readonly rounds: readonly { readonly product: Round; readonly floor: Round }[] }> {
  const { status, headers, body } = reading.answer
  const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.includes(name)))
  const bare = await startFloor('bare-http', {
    STATUS: String(status),
    ANSWER: body === '' ? '' : JSON.stringify(body),
    ANSWER_HEADERS: JSON.stringify(sent),
  })
  try {
    const api = { port: installation.apiPort, pid: installation.role('api').pid() }
    await measure(load, bare, reading, warmUpMs)
    await measure(load, api, reading, warmUpMs)
    const measured: { product: Round; floor: Round }[] = []
    for (let round = 0; round < rounds; round += 1) {
      const product = await measure(load, api, reading, roundMs)
      const floor = await measure(load, bare, reading, roundMs)
      if (product.bytes !== floor.bytes) {
        throw new Error(`an answer of the product has ${product.bytes} bytes, one of the floor ${floor.bytes}`)
      }
      measured.push({ product, floor })
    }
    return { rounds: measured }
  } finally {
    await bare.stop()
  }
}

async function measureCalm(
  load: Load,
  installation: Installation,
  reading: Reading,
  measured: readonly { readonly product: Round }[],
): Promise<readonly number[]> {
  const capacity = Math.max(...measured.map(({ product }) => product.perSecond))
  const api = { port: installation.apiPort, pid: installation.role('api').pid() }
  return (await measure(load, api, reading, calmMs, calmShare * capacity)).latencies
}

async function measure(
  load: Load,
  server: Pick<FloorProcess, 'port' | 'pid'>,
  reading: Reading,
  forMs: number,
  perSecond: number | null = null,
): Promise<Round & { readonly bytes: number }> {
  await load.prepare(targetOf(server.port, reading))
  const before = readCpuTimes({ server: server.pid })
  const { statuses, answered, bytes, ...report } = await load.run({ connections, perSecond, forMs })
  const used = sumOf(cpuTimeSince(before, readCpuTimes({ server: server.pid })))
  if (answered === 0 || statuses[reading.answer.status] !== answered || bytes % answered !== 0) {
    throw new Error(`${reading.name}: ${answered} answers were not alike: ${JSON.stringify(statuses)}, ${bytes} bytes`)
  }
  return { perSecond: report.perSecond, cpu: used / answered, latencies: report.latencies, bytes: bytes / answered }
}

function targetOf(port: number, { path, etag }: Reading): LoadTarget {
  const condition = etag === null ? '' : `if-none-match: ${etag}\r\n`
  return { port, head: `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${condition}`, body: '', varying: [] }
}

function figuresOf(
  { name }: Reading,
  measured: readonly { readonly product: Round; readonly floor: Round }[],
): readonly Figure[] {
  const of = (pick: (round: Round) => number) =>
    measured.map(({ product, floor }) => ({ product: pick(product), floor: pick(floor) }))
  return [
    againstFloor(
      name,
      'answers/s',
      of(({ perSecond }) => perSecond),
      'node:http, the same bytes',
      { atLeast: 0.8 },
    ),
    againstFloor(
      `${name}: CPU of the api`,
      'us/answer',
      of(({ cpu }) => cpu),
      'node:http, the same bytes',
      { atMost: 1.25 },
    ),
  ]
}
