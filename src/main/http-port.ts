import { once } from 'node:events'
import { createServer } from 'node:net'
import type { HttpApp } from '../adapters/http/operation.ts'
import type { Config } from '../runtime/config.ts'
import { measureAnswers } from '../runtime/measure-answers.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import type { RoleContext } from './role.ts'

type Place = Pick<Config, 'host' | 'port'>

/** Listens where the environment wants it; with others of ours, where there are several. From the first one on its answers are counted. */
export async function listenForHttp(
  app: HttpApp,
  { host, port, apiProcesses }: Config,
  registry: RoleContext['registry'],
): Promise<void> {
  measureAnswers(registry, app.server)
  const place = { host, port, ...(apiProcesses > 1 && { reusePort: true }) }
  try {
    await app.listen(place)
  } catch (cause) {
    throw explainFailure(cause, place)
  }
}

/** Rejects where the port is another's, which those who share a port would not notice. */
export async function checkPortIsFree({ host, port }: Place): Promise<void> {
  const server = createServer()
  try {
    server.listen({ host, port })
    await once(server, 'listening')
  } catch (cause) {
    throw explainFailure(cause, { host, port })
  }
  server.close()
  await once(server, 'close')
}

function explainFailure(cause: unknown, { host, port }: Place): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : ''
  if (code === 'EADDRINUSE') {
    return new SetupProblem(
      `port ${port} is taken by another program`,
      'stop that program, or set PORT to a free port',
      { cause },
    )
  }
  if (code === 'ENOTSUP') {
    return new SetupProblem(
      'this system does not let several processes share a port',
      'leave API_PROCESSES out, or use Linux',
      { cause },
    )
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES') {
    return new SetupProblem(
      `cannot listen on port ${port} of ${host} (${code})`,
      'set HOST to an address of this machine, and PORT to a port of 1024 or higher',
      { cause },
    )
  }
  return cause
}
