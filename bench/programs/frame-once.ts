// The floor of everything that tells viewers: it builds one frame and writes the same bytes to every socket, in slices, as often a
// second as the product does. It knows no slow viewer, no audience, no ping, and takes no word from anybody.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'

const socketsPerSlice = 500
const updateEveryMs = 100
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

const viewers: Duplex[] = []
let version = 0
let isTelling = false

/** As long as what the product says of a poll with three options. */
function buildFrame(): Buffer {
  const text = JSON.stringify({
    type: 'tally',
    poll_id: 'Zk3vQ8mT1xY5',
    round: 1,
    version,
    revision: 1,
    as_of: new Date().toISOString(),
    status: 'open',
    options: [1, 2, 3].map((id) => ({ id, votes: version })),
    total_votes: version,
    results_final: false,
  })
  const head = Buffer.of(0x81, 126, 0, 0)
  head.writeUInt16BE(text.length, 2)
  return Buffer.concat([head, Buffer.from(text)])
}

function tell(): void {
  if (isTelling) return
  isTelling = true
  version += 1
  tellSlice(buildFrame(), 0)
}

function tellSlice(frame: Buffer, from: number): void {
  const end = Math.min(from + socketsPerSlice, viewers.length)
  for (let at = from; at < end; at += 1) viewers[at]?.write(frame)
  if (end < viewers.length) setImmediate(tellSlice, frame, end)
  else isTelling = false
}

const server = createServer()
server.on('upgrade', (request, socket) => {
  const key = request.headers['sec-websocket-key'] ?? ''
  const accept = createHash('sha1').update(`${key}${guid}`).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.on('error', () => undefined)
  socket.resume()
  socket.write(buildFrame())
  viewers.push(socket)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 })
})

/** For so long everybody is told; the answer is the last version. */
process.on('message', ({ tellForMs }: { tellForMs: number }) => {
  const telling = setInterval(tell, updateEveryMs)
  setTimeout(() => {
    clearInterval(telling)
    process.send?.(version)
  }, tellForMs)
})
process.once('disconnect', () => process.exit())
