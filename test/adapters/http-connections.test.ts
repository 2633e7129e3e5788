import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { createHttpServer } from '../../src/adapters/http/server.ts'
import { createLog } from '../../src/runtime/log.ts'
import { waitUntil } from '../support/wait-until.ts'

test('connections up to the limit are served, and a further one is closed at once', async () => {
  const app = await createHttpServer({
    log: createLog({ name: 'test', level: 'silent' }),
    version: '0',
    connectionsMax: 2,
    addRoutes: () => undefined,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  // A server that listens on an address has one of this form.
  const { port } = app.server.address() as AddressInfo
  const opened: Socket[] = []
  /** The first bytes of the answer, nothing where there is none. */
  const ask = async (): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port })
    opened.push(socket)
    let answer = ''
    let isClosed = false
    socket.on('data', (data) => (answer += String(data)))
    socket.on('error', () => undefined)
    socket.on('close', () => (isClosed = true))
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await waitUntil(() => isClosed || answer !== '')
    return answer.slice(0, 8)
  }
  try {
    expect([await ask(), await ask(), await ask()]).toEqual(['HTTP/1.1', 'HTTP/1.1', ''])
    opened[0]?.destroy()
    await waitUntil(async () => (await ask()) === 'HTTP/1.1')
  } finally {
    for (const socket of opened) socket.destroy()
    await app.close()
  }
})
