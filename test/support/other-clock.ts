import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { provideFaketime } from './debian-tools.ts'

/** Setting a clock moves the time of day. The time since the machine began, by which timers go, nobody can set. */
const timeOfDayAlone = { FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' }

/** The environment of a process whose clock is wrong by so many hours. */
export const clockOffBy = async (hours: number): Promise<Readonly<Record<string, string>>> => ({
  LD_PRELOAD: await provideFaketime(),
  FAKETIME: `${hours < 0 ? '-' : '+'}${Math.abs(hours)}h`,
  ...timeOfDayAlone,
})

/** A clock that a test sets while the process runs. */
export type SettableClock = {
  /** The command under which the process has this clock. */
  readonly under: readonly string[]
  /** Against the clock of this machine. */
  readonly set: (offByMs: number) => void
  readonly remove: () => void
}

export const createSettableClock = async (): Promise<SettableClock> => {
  const folder = mkdtempSync(join(tmpdir(), 'tallycast-clock-'))
  const file = join(folder, 'clock')
  const set = (offByMs: number): void => writeFileSync(file, `${offByMs < 0 ? '' : '+'}${offByMs / 1000}\n`)
  set(0)
  const env = {
    // libc stands behind it, so that Redis takes memory from there and not from jemalloc, which asks for the time before anybody
    // can answer it.
    LD_PRELOAD: `${await provideFaketime()} libc.so.6`,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    ...timeOfDayAlone,
  }
  return {
    under: ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
    set,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
