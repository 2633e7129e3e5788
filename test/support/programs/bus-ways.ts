// Ways between the servers of a cluster, in a thread of their own: what they say to each other waits for nothing that a test does.
import { parentPort, workerData } from 'node:worker_threads'
import { startTcpProxy } from '../tcp-proxy.ts'

/** The server at that place of the list, and by that name, is cut off; null: nobody is. */
export type CutOff = { readonly at: number; readonly name: string } | null

/** Where in each of their messages its sender's name stands. */
const senderFrom = 40
const senderTo = 80

const toPorts = workerData as readonly number[] // as whoever starts this gives them
const ways = await Promise.all(toPorts.map(async (port) => startTcpProxy('127.0.0.1', port)))

parentPort?.on('message', (cutOff: CutOff) => {
  for (const [at, way] of ways.entries()) {
    if (cutOff !== null) {
      way.muteEach((sent) => at === cutOff.at || sent.slice(senderFrom, senderTo) === cutOff.name)
    } else {
      way.unmute()
      way.cut()
    }
  }
})
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(ways.map(({ port }) => port))
