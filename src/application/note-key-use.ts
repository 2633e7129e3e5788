import type { ApiKeys } from '../ports/api-keys.ts'

const markEveryMs = 60_000
const notedMax = 10_000

export type NoteKeyUse = {
  /** Costs nothing: what is noted is written later. */
  note(prefix: string): void
  /** Writes what was noted once a minute, and a last time when the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>
}

/** Remembers which keys are used, apart from the calls that use them. */
export function createNoteKeyUse(parts: {
  readonly keys: Pick<ApiKeys, 'markUsed'>
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly report: (fault: unknown) => void
}): NoteKeyUse {
  const noted = new Set<string>()

  async function write(): Promise<void> {
    if (noted.size === 0) return
    const prefixes = [...noted]
    noted.clear()
    try {
      await parts.keys.markUsed(prefixes)
    } catch (fault) {
      // When a key was last used is good to know; nothing depends on it.
      parts.report(fault)
    }
  }

  return {
    note(prefix) {
      if (noted.size < notedMax) noted.add(prefix)
    },
    async run(signal) {
      while (!signal.aborted) {
        await parts.sleep(markEveryMs, signal)
        await write()
      }
    },
  }
}
