import { Socket } from 'node:net'
import pg from 'pg'
import { DependencyUnavailable } from '../../ports/unavailable.ts'

const connectTimeoutMs = 5_000
/** A half-open connection says nothing for ever. It is asked this often, and has this long to answer: noticed within 10 s. */
const askEveryMs = 5_000
const answerWithinMs = 5_000
/** Full jitter below a doubling ceiling, so that the processes of a restarted database do not come back in one moment. */
const reconnectBaseMs = 100
const reconnectMaxMs = 3_000

/** More than this waits for the next message. */
const statementsPerMessage = 1_000

/** Runs a statement without parameters and result. Those that are given while one runs go together in one message, in order. */
export type Run = (statement: string) => Promise<void>

/** A connection that comes back by itself after it was lost. */
export type SteadyConnection = {
  /** Runs on the connection; the first call opens it. Rejects at once between two attempts: whoever asks has its own time to come back. */
  readonly run: Run
  /** Whether there is a connection, or one on the way. */
  readonly isUp: () => boolean
  readonly stop: () => Promise<void>
}

type Duties = {
  readonly onNews: (channel: string, payload: string) => void
  /** Whether a lost connection should come back. */
  readonly isWanted: () => boolean
  /** Brings a new connection to where the lost one was. */
  readonly resume: (run: Run) => Promise<void>
}

type Connection = { readonly run: Run; readonly end: () => Promise<void>; readonly destroy: () => void }

export function createSteadyConnection(config: pg.ClientConfig, duties: Duties): SteadyConnection {
  let attempt: Promise<Connection> | null = null
  let retry: NodeJS.Timeout | undefined
  let failures = 0
  let lastFault: unknown
  let isStopped = false

  const connect = (): Promise<Connection> => {
    const opening: Promise<Connection> = openConnection(config, duties.onNews, () => {
      if (attempt === opening) comeBack()
    })
    attempt = opening
    // Whoever asked for the connection hears of the fault; here it only means that there is none.
    opening.catch((fault: unknown) => {
      lastFault = fault
      if (attempt === opening) comeBack()
    })
    return opening
  }

  const comeBack = (): void => {
    attempt = null
    if (isStopped || !duties.isWanted()) return
    const ceilingMs = Math.min(reconnectMaxMs, reconnectBaseMs * 2 ** Math.min(failures, 16))
    failures += 1
    clearTimeout(retry)
    retry = setTimeout(() => {
      retry = undefined
      // A fault has planned the next attempt before it arrives here.
      resume(connect()).catch(() => undefined)
    }, Math.random() * ceilingMs)
  }

  const resume = async (opening: Promise<Connection>): Promise<void> => {
    const { run, destroy } = await opening
    try {
      await duties.resume(run)
      failures = 0
    } catch (fault) {
      lastFault = fault
      destroy()
    }
  }

  return {
    run: async (statement) => {
      if (isStopped) throw new DependencyUnavailable('cache', 'the listener is stopped')
      if (attempt === null && retry !== undefined) throw lastFault
      const { run } = await (attempt ?? connect())
      await run(statement)
    },
    isUp: () => attempt !== null,
    stop: async () => {
      isStopped = true
      clearTimeout(retry)
      const connection = await attempt?.catch(() => null)
      if (!connection) return
      const overdue = setTimeout(connection.destroy, answerWithinMs)
      await connection.end()
      clearTimeout(overdue)
    },
  }
}

async function openConnection(
  config: pg.ClientConfig,
  onNews: (channel: string, payload: string) => void,
  onLost: () => void,
): Promise<Connection> {
  // Our own socket, because only destroying it ends a connection whose other side is silent.
  const socket = new Socket()
  const client = new pg.Client({
    ...config,
    stream: () => socket,
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerWithinMs,
  })
  // 'end' follows each of them.
  client.on('error', () => undefined)
  client.on('notification', ({ channel, payload }) => onNews(channel, payload ?? ''))
  const destroy = (): void => void socket.destroy()
  try {
    await client.connect()
  } catch (fault) {
    destroy()
    throw fault
  }
  const run = createRun(client)
  const asking = setInterval(() => {
    run('select 1').catch(destroy)
  }, askEveryMs)
  client.once('end', () => {
    clearInterval(asking)
    onLost()
  })
  return { run, end: () => client.end(), destroy }
}

function createRun(client: pg.Client): Run {
  let gathering: { readonly statements: string[]; readonly done: Promise<void> } | null = null
  let last: Promise<void> = Promise.resolve()

  const gather = (): { readonly statements: string[]; readonly done: Promise<void> } => {
    const statements: string[] = []
    const send = async (): Promise<void> => {
      // A fault of the message before was its own senders' to hear.
      await last.catch(() => undefined)
      if (gathering?.statements === statements) gathering = null
      await client.query(statements.join(';'))
    }
    last = send()
    return { statements, done: last }
  }

  return (statement) => {
    if (gathering === null || gathering.statements.length >= statementsPerMessage) gathering = gather()
    gathering.statements.push(statement)
    return gathering.done
  }
}
