import { setTimeout as sleep } from 'node:timers/promises'
import { compareEntryIds, type EntryId, parseEntryId, STREAM_START } from '../../domain/position.ts'
import type { StreamEntry, VoteStream } from '../../ports/vote-stream.ts'
import { decodeEntry, newerFormat } from '../vote-entry.ts'
import { readRedirect } from './cluster/redirects.ts'
import { readClock, type RedisConnections } from './connect.ts'
import { orUnavailable } from './faults.ts'
import { type Keys, WORKERS_GROUP } from './keys.ts'
import { loadScript } from './scripts.ts'
import { onServerOf, type Servers } from './servers.ts'
import { createStreamReaders, type RawEntry } from './vote-stream-reader.ts'

const raiseEpochScript = loadScript('epoch-raise')
const backlogScript = loadScript('stream-backlog')
const followScript = loadScript('stream-follow')
const missingScript = loadScript('stream-missing')
/** Entries that one script looks for: others wait while it runs. */
const entriesPerLook = 200
/** How long a look at a stream that cannot be waited for puts off the next one. */
const betweenLooksMs = 50

/** The stream in Redis, the reader's side. `stop` ends the reads that wait and their connections. */
export function createVoteStream(
  { commands, openReader }: Pick<RedisConnections<Servers>, 'commands' | 'openReader'>,
  keys: Keys,
): VoteStream & { readonly stop: () => void } {
  const readers = createStreamReaders(openReader)
  const look = (key: string, after: EntryId, entriesMax: number): Promise<readonly RawEntry[]> =>
    onServerOf(commands, key, (redis) => redis.xrangeBuffer(key, `(${after}`, '+', 'COUNT', entriesMax))
  return {
    read: (partition, after, limits, signal) =>
      orUnavailable('stream', async () => {
        const key = keys.stream(partition)
        try {
          return (await readers.read(key, after, limits, signal)).map(readEntry)
        } catch (error) {
          // The stream is at its new server, to which its slot is still on the way: there nobody can wait yet.
          if (readRedirect(error)?.type !== 'ask') throw error
          await sleep(betweenLooksMs)
          return (await look(key, after, limits.entriesMax)).map(readEntry)
        }
      }),
    peek: (partition, after, entriesMax) =>
      orUnavailable('stream', async () => {
        const entries = await look(keys.stream(partition), after, entriesMax)
        return entries.map(readEntry)
      }),
    inspect: (partition, entry) =>
      orUnavailable('stream', async () => {
        const key = keys.stream(partition)
        const [end, found] = await Promise.all([
          readEnd(commands, key),
          entry === STREAM_START
            ? []
            : onServerOf(commands, key, (redis) => redis.xrangeBuffer(key, entry, entry, 'COUNT', 1)),
        ])
        return { end, hasEntry: found.length > 0 }
      }),
    missing: (partition, entries) =>
      orUnavailable('stream', async () => {
        const missing: EntryId[] = []
        for (let from = 0; from < entries.length; from += entriesPerLook) {
          const asked = entries.slice(from, from + entriesPerLook)
          const reply = await missingScript(commands, [keys.stream(partition)], asked)
          // The cast names what the script returns: ids that it was given.
          missing.push(...(reply as readonly Buffer[]).map(toEntryId))
        }
        return missing
      }),
    raiseEpoch: (partition, epoch) =>
      orUnavailable('stream', async () => {
        // The cast names what the script returns.
        return (await raiseEpochScript(commands, [keys.epoch(partition)], [epoch])) as number
      }),
    follow: (partition, recorded) =>
      orUnavailable('stream', async () => {
        const counts = [keys.stream(partition), keys.voteCount(partition), keys.recordedCount(partition)]
        // Sent together, so that a Redis that syncs each write syncs once.
        await Promise.all([
          followScript(commands, counts, [recorded]),
          followGroup(commands, keys.stream(partition), recorded),
        ])
      }),
    trim: (partition, recorded, olderThanMs) =>
      orUnavailable('stream', async () => {
        const key = keys.stream(partition)
        const now = await onServerOf(commands, key, readClock)
        const oldest: EntryId = `${Math.max(0, now - olderThanMs)}-0`
        // MINID keeps the entry that it names: the checkpoint's own stays, to show that the log is still this one.
        const keptFrom = compareEntryIds(oldest, recorded) < 0 ? oldest : recorded
        await onServerOf(commands, key, (redis) => redis.xtrim(key, 'MINID', keptFrom))
      }),
    backlog: (partition, recorded) =>
      orUnavailable('stream', async () => {
        const reply = await backlogScript(commands, [keys.stream(partition), keys.voteCount(partition)], [recorded])
        // The cast names what the script returns.
        const [votes, oldestMs, format] = reply as readonly [number, number, Buffer]
        return { votes, oldestMs, newerFormat: newerFormat(readWhole(format)) }
      }),
    stop: () => readers.stop(),
  }
}

function readEntry([id, fields]: RawEntry): StreamEntry {
  const found = new Map<string, Buffer>()
  for (let at = 0; at + 1 < fields.length; at += 2) {
    // Both are within the length.
    found.set(fields[at]!.toString(), fields[at + 1]!)
  }
  const entryId = toEntryId(id)
  return {
    id: entryId,
    epoch: readWhole(found.get('e')) || 0,
    appendedAt: parseEntryId(entryId)[0],
    content: decodeEntry({
      formatVersion: readWhole(found.get('f')),
      votes: found.get('v') ?? null,
      close: found.get('c') ?? null,
    }),
  }
}

/** NaN for what is no whole number of at most 9 digits. */
function readWhole(bytes: Buffer | undefined): number {
  const text = bytes?.toString('latin1') ?? ''
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
}

async function readEnd(servers: Servers, key: string): Promise<EntryId> {
  try {
    // The cast names the form of the answer: names and values, one after the other.
    const info = (await onServerOf(servers, key, (redis) => redis.call('XINFO', 'STREAM', key))) as readonly unknown[]
    return String(info[info.indexOf('last-generated-id') + 1]) as EntryId
  } catch (error) {
    if (error instanceof Error && error.message.includes('no such key')) return STREAM_START
    throw error
  }
}

/** Puts the consumer group where the ledger is; it exists for those who watch, so its consumers and pending lists stay empty. */
async function followGroup(servers: Servers, key: string, recorded: EntryId): Promise<void> {
  try {
    await onServerOf(servers, key, (redis) => redis.xgroup('SETID', key, WORKERS_GROUP, recorded))
  } catch (error) {
    // NOGROUP: nobody made it yet, or the stream's data was lost; a missing key is called so.
    if (!(error instanceof Error && /NOGROUP|requires the key to exist/.test(error.message))) throw error
    await createGroup(servers, key, recorded)
  }
}

async function createGroup(servers: Servers, key: string, recorded: EntryId): Promise<void> {
  try {
    await onServerOf(servers, key, (redis) => redis.xgroup('CREATE', key, WORKERS_GROUP, recorded, 'MKSTREAM'))
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error
  }
}

function toEntryId(bytes: Buffer): EntryId {
  return bytes.toString('latin1') as EntryId // Redis made it
}
