import { randomKey } from '../../client/src/random-key.ts'
import type { AgreedKey } from './session-first.ts'

const storeName = 'session'
const entry = 'key'
/** Where a browser opens no database by then, or never, each page has a key of its own. */
const agreeWithinMs = 2_000

/**
 * Pages agree in a database of the browser: its transactions go one after the other, whichever page they are from, and it has them for pages on plain
 * http too, unlike locks. What is written elsewhere another page may read later than it was written.
 */
export const agreedKey: AgreedKey = {
  async agree() {
    const own = randomKey()
    const late = Promise.withResolvers<string>()
    const timer = setTimeout(() => late.resolve(own), agreeWithinMs)
    try {
      return await Promise.race([writeFirst(own), late.promise])
    } catch {
      return own
    } finally {
      clearTimeout(timer)
    }
  },
  forget() {
    inTurn((store) => store.delete(entry)).catch(() => {
      // What is kept nowhere need not be forgotten.
    })
  },
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
