// A host that brings votes as lines over a few connections, and reads of each answer no more than whether it says `accepted`. It
// makes its lines beforehand, tells its parent, and begins when that says so.
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { BulkLoadPlan, BulkLoadReport } from '../site/bulk-load.ts'

const linesPerWrite = 500
const acceptedForm = /^\{"vote_id":"[^"]+","status":"accepted"\}$/

function linesOf({ votes, streams, optionIds, pollId }: BulkLoadPlan, stream: number): readonly Buffer[] {
  const writes: Buffer[] = []
  let text = ''
  for (let vote = stream, line = 1; vote < votes; vote += streams, line += 1) {
    text += `{"voter":"${pollId}-${vote}","option_id":${optionIds[vote % optionIds.length]}}\n`
    if (line % linesPerWrite === 0) {
      writes.push(Buffer.from(text))
      text = ''
    }
  }
  return text === '' ? writes : [...writes, Buffer.from(text)]
}

async function send(asked: ClientRequest, writes: readonly Buffer[]): Promise<void> {
  for (const write of writes) if (!asked.write(write)) await once(asked, 'drain')
  asked.end()
}

async function readAnswers(answer: IncomingMessage, seen: Counts): Promise<void> {
  if (answer.statusCode !== 200) throw new Error(`the answer is ${answer.statusCode}`)
  answer.setEncoding('latin1')
  let rest = ''
  // Text, by the line above.
  for await (const chunk of answer as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (acceptedForm.test(line)) seen.accepted += 1
      else seen.firstOther = (seen.others += 1) === 1 ? line : seen.firstOther
    }
  }
  if (rest !== '') throw new Error('the last answer is cut short')
}

type Counts = { accepted: number; others: number; firstOther: string | null }

async function run(plan: BulkLoadPlan, prepared: readonly (readonly Buffer[])[]): Promise<BulkLoadReport> {
  const { port, pollId, adminToken } = plan
  const seen: Counts = { accepted: 0, others: 0, firstOther: null }
  const beganAt = performance.now()
  await Promise.all(
    prepared.map(async (writes) => {
      const asked = request({
        port,
        host: '127.0.0.1',
        agent: false,
        method: 'POST',
        path: `/polls/${pollId}/votes/bulk`,
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/x-ndjson' },
      })
      const answered = once(asked, 'response')
      const sent = send(asked, writes)
      // What Node gives with this event.
      const [answer] = (await answered) as [IncomingMessage]
      await Promise.all([sent, readAnswers(answer, seen)])
    }),
  )
  return { ms: performance.now() - beganAt, ...seen }
}

let plan: BulkLoadPlan | null = null
let prepared: readonly (readonly Buffer[])[] = []
process.on('message', (message: BulkLoadPlan | 'go') => {
  if (message !== 'go') {
    plan = message
    prepared = Array.from({ length: message.streams }, (_, stream) => linesOf(message, stream))
    process.send?.('ready')
  } else if (plan !== null) {
    run(plan, prepared).then(
      (report) => process.send?.({ report }),
      (fault: unknown) => process.send?.({ fault: String(fault) }),
    )
  }
})
process.once('disconnect', () => process.exit())
