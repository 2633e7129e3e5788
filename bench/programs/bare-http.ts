// The floor of everything that answers over HTTP: node:http alone. A POST is answered once its body has been read, a GET at once,
// with as many bytes as the product sends; with the very same ones where they are given.
import { createServer, type ServerResponse } from 'node:http'

const { ANSWER_BYTES = '100', ANSWER, ANSWER_HEADERS, STATUS = '200' } = process.env
const answer = ANSWER === undefined ? Buffer.alloc(Number(ANSWER_BYTES), 'x') : Buffer.from(ANSWER)
const status = Number(STATUS)
const headers =
  ANSWER_HEADERS === undefined
    ? { 'content-type': 'application/json; charset=utf-8', 'content-length': answer.length }
    : // What the stage sends: header lines by name.
      (JSON.parse(ANSWER_HEADERS) as Readonly<Record<string, string>>)

function respond(response: ServerResponse): void {
  response.writeHead(status, headers)
  response.end(answer.length === 0 ? undefined : answer)
}

const server = createServer((request, response) => {
  if (request.method === 'GET') return respond(response)
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    if (chunks.length > 0) JSON.parse(Buffer.concat(chunks).toString('utf8'))
    respond(response)
  })
})
server.keepAliveTimeout = 75_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 })
})
process.once('disconnect', () => process.exit())
