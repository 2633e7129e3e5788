import type { Member } from '../system.ts'

/** How many lines a process may log in one fault, which it meets again and again on several partitions. */
const linesPerProcessMax = 75

/** Counts the lines that processes log from now on: a fault that goes on must not fill the log. */
export const countLines = (members: readonly Member[]): (() => { readonly 'lines logged': number }) => {
  const before = members.map((member) => member.written())
  return () => {
    const lines = members.map((member, index) => member.outputSince(before[index] ?? 0).split('\n').length - 1)
    if (Math.max(...lines) > linesPerProcessMax) throw new Error(`lines logged per process: ${lines.join()}`)
    // Where nobody said a word, that is no sign that nothing happened.
    return {
      'lines logged': Math.max(
        1,
        lines.reduce((sum, one) => sum + one, 0),
      ),
    }
  }
}
