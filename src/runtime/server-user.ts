import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** The user that a server process runs as. */
export type ServerUser = { readonly uid: number; readonly gid: number }

const mayEnter = { owner: 0o100, group: 0o010, others: 0o001 }

/**
 * PostgreSQL refuses to run as root, so root hands its server to `nobody`. Null: run it as the user we are.
 */
export const findServerUser = (): ServerUser | null => {
  if (process.getuid?.() !== 0) return null
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'nobody')
  // `>>> 0`: some systems write the number of nobody as -2.
  return entry === undefined
    ? { uid: 65_534, gid: 65_534 }
    : { uid: Number(entry[2]) >>> 0, gid: Number(entry[3]) >>> 0 }
}

/** Whether the user can walk down to this folder (a home of mode 0700 on the way stops everyone but its owner). */
export const canReach = (user: ServerUser | null, folder: string): boolean => {
  if (user === null) return true
  for (let step = realpathSync(folder); ; step = dirname(step)) {
    const { uid, gid, mode } = statSync(step)
    const right = uid === user.uid ? mayEnter.owner : gid === user.gid ? mayEnter.group : mayEnter.others
    if ((mode & right) === 0) return false
    if (step === dirname(step)) return true
  }
}
