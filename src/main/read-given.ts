import { readFile, stat } from 'node:fs/promises'
import { SetupProblem } from '../runtime/setup-problem.ts'

/** Far above any signed result or key set: 100 options of the longest texts, every character escaped, are below 200 KiB. */
const fileBytesMax = 1024 * 1024

/** What stands in a file that a person has named. */
export async function readGiven(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path)
    if (size <= fileBytesMax) return await readFile(path)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SetupProblem(`${path} cannot be read (${why})`, 'see that this file exists', { cause })
  }
  throw new SetupProblem(`${path} is larger than ${fileBytesMax} bytes`, 'see that it is the right file')
}
