// The floor of everything that answers over HTTP: node:http alone. A POST is answered once its body has been read, a GET at once,
// with as many bytes as the product sends.
import { createServer } from 'node:http'

const { ANSWER_BYTES = '100', STATUS = '200' } = process.env
const answer = Buffer.alloc(Number(ANSWER_BYTES), 'x')
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': answer.length }

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    if (chunks.length > 0) JSON.parse(Buffer.concat(chunks).toString('utf8'))
    response.writeHead(Number(STATUS), headers)
    response.end(answer)
  })
})
server.keepAliveTimeout = 75_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 })
})
process.once('disconnect', () => process.exit())
