// How evenly the kernel shares connections out among processes that listen on one port, as several api processes do:
// node bench/programs/spread-connections.ts [processes] [connections] [rounds]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { findFreePort } from '../../src/runtime/free-port.ts'

const host = '127.0.0.1'
const [processes = 4, connections = 400, rounds = 100] = process.argv.slice(2).map(Number)

if (process.send === undefined) await spread()
else await answer(Number(process.env['PORT']), process.env['NUMBER'] ?? '')

/** Each connection is told whose it is. */
async function answer(port: number, number: string): Promise<void> {
  const server = createServer((socket) => void socket.end(number))
  server.listen({ host, port, reusePort: true })
  await once(server, 'listening')
  process.once('disconnect', () => server.close())
  process.send?.('listening')
}

async function spread(): Promise<void> {
  const port = await findFreePort()
  const children = Array.from({ length: processes }, (_, number) =>
    fork(import.meta.filename, { env: { ...process.env, PORT: String(port), NUMBER: String(number) } }),
  )
  await Promise.all(children.map(async (child) => once(child, 'message')))
  const [least, most]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    const answers = await Promise.all(Array.from({ length: connections }, async () => text(connect({ host, port }))))
    const shares = children.map((_, number) => answers.filter((one) => one === String(number)).length)
    least.push(Math.min(...shares))
    most.push(Math.max(...shares))
  }
  for (const child of children) child.disconnect()
  console.log(
    `${connections} connections to ${processes} processes, ${rounds} times; evenly: ${connections / processes}`,
  )
  console.log(`the fewest that one had: ${describe(least)}`)
  console.log(`the most that one had: ${describe(most)}`)
}

function describe(counts: readonly number[]): string {
  const sorted = counts.toSorted((a, b) => a - b)
  return `${sorted[Math.floor(sorted.length / 2)]} in the middle, from ${sorted[0]} to ${sorted.at(-1)}`
}
