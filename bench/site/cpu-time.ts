import { readdirSync, readFileSync } from 'node:fs'

/** What Linux counts processor time in: USER_HZ, which is 100 on every platform that Node runs on; see time(7). */
const ticksPerSecond = 100

/** The processor time of a process so far, with the children that it has waited for, in microseconds. */
function ownMicroseconds(pid: number): number {
  const stat = readStat(pid)
  if (stat === null) return 0
  // Behind the name, which may hold anything: utime, stime, cutime and cstime are fields 14 to 17 of proc(5).
  const ticks = stat.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return (ticks * 1e6) / ticksPerSecond
}

/** The fields from the third on; null for a process that has ended. */
function readStat(pid: number): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

/** A process and all that it has started and that still run. */
function familyOf(pid: number): readonly number[] {
  const childrenOf = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const one = Number(name)
    const parent = Number.isInteger(one) ? Number(readStat(one)?.[1]) : Number.NaN
    if (!Number.isNaN(parent)) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), one])
  }
  const family = [pid]
  for (const one of family) family.push(...(childrenOf.get(one) ?? []))
  return family
}

export type CpuTimes = Readonly<Record<string, number>>

/** Processor time by name in microseconds, each process with all its children: PostgreSQL serves from many. */
export function readCpuTimes(pids: Readonly<Record<string, number>>): CpuTimes {
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => [
      name,
      familyOf(pid).reduce((sum, member) => sum + ownMicroseconds(member), 0),
    ]),
  )
}

/** What was used between two readings. */
export function cpuTimeSince(before: CpuTimes, now: CpuTimes): CpuTimes {
  return Object.fromEntries(Object.entries(now).map(([name, time]) => [name, time - (before[name] ?? 0)]))
}

export function sumOf(times: CpuTimes, names: readonly string[] = Object.keys(times)): number {
  return names.reduce((sum, name) => sum + (times[name] ?? 0), 0)
}
