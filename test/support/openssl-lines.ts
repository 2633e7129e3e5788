import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type CommandResult, runCommand } from '../../src/runtime/run-command.ts'
import { provideOpenssl } from './debian-tools.ts'

const withinMs = 10_000

/**
 * Does with the result and the key in PEM what docs/operations.md tells people to do without us, line for line. Says how that ended, and
 * which bytes were held against the signature.
 */
export const verifyAsDocumented = async (
  result: string,
  pem: string,
): Promise<CommandResult & { readonly signed: string }> => {
  const { path, libraries } = await provideOpenssl()
  const folder = await mkdtemp(join(tmpdir(), 'tallycast-openssl-'))
  try {
    await writeFile(join(folder, 'result.json'), result)
    await writeFile(join(folder, 'result-key.pem'), pem)
    const env = {
      PATH: `${dirname(path)}:${process.env['PATH'] ?? ''}`,
      ...(libraries !== null && { LD_LIBRARY_PATH: libraries }),
    }
    const ended = await runCommand('sh', ['-ec', await readLines()], { withinMs, cwd: folder, env })
    return { ...ended, signed: await readFile(join(folder, 'result.bin'), 'utf8') }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The block of the page that calls openssl to verify. */
const readLines = async (): Promise<string> => {
  const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8')
  const blocks = [...page.matchAll(/^```sh\n([^`]+)^```$/gm)].map(([, lines = '']) => lines)
  const [lines, ...more] = blocks.filter((block) => block.includes('openssl pkeyutl'))
  if (lines === undefined || more.length > 0) throw new Error('docs/operations.md must say once how openssl verifies')
  return lines
}
