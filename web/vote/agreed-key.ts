import { randomKey } from '../../client/src/random-key.ts'
import type { AgreedKey } from './session-first.ts'

const storeName = 'session'
const entry = 'key'
/** Where a browser opens no database by then, or never, each page has a key of its own. */
const answerWithinMs = 2_000

/**
 * Pages agree in a database of the browser: its transactions go one after the other, whichever page they are from, and it has them for pages on plain
 * http too, unlike locks. What is written elsewhere another page may read later than it was written.
 */
export const agreedKey: AgreedKey = {
  async agree() {
    const own = randomKey()
    return (await inTime(writeFirst(own))) ?? own
  },
  async forget() {
    // What is kept nowhere need not be forgotten.
    await inTime(inTurn((store) => store.delete(entry)))
  },
}

/** Null where the browser keeps nothing, or takes too long over it. */
async function inTime<Value>(asked: Promise<Value>): Promise<Value | null> {
  const late = Promise.withResolvers<null>()
  const timer = setTimeout(() => late.resolve(null), answerWithinMs)
  try {
    return await Promise.race([asked, late.promise])
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}

/** The key that is kept: this one where there is none. */
async function writeFirst(own: string): Promise<string> {
  const reading = await inTurn((store) => {
    const read = store.get(entry)
    read.addEventListener('success', () => read.result === undefined && store.put(own, entry))
    return read
  })
  const kept: unknown = reading.result
  return typeof kept === 'string' ? kept : own
}

/** Resolves when what was asked for, and what that has asked for, is done and kept. */
async function inTurn<Asked>(ask: (store: IDBObjectStore) => Asked): Promise<Asked> {
  const { promise, resolve, reject } = Promise.withResolvers<Asked>()
  const opening = indexedDB.open('tallycast')
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(storeName))
  opening.addEventListener('error', () => reject(opening.error))
  opening.addEventListener('success', () => {
    const database = opening.result
    const transaction = database.transaction(storeName, 'readwrite')
    const asked = ask(transaction.objectStore(storeName))
    transaction.addEventListener('complete', () => {
      database.close()
      resolve(asked)
    })
    transaction.addEventListener('abort', () => reject(transaction.error))
  })
  return promise
}
