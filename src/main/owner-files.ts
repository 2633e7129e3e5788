import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** Only their owner may read what gives power over polls. */
const ownerOnly = 0o600

const adminTokenBytes = 32

export type AdminToken = { readonly adminToken: string; readonly where: string }

/** The admin token that the environment gives; else the one of this data folder, made at the first start. */
export async function provideAdminToken(dataDir: string, given: string | null): Promise<AdminToken> {
  if (given !== null) return { adminToken: given, where: 'ADMIN_TOKEN' }
  const path = resolve(dataDir, 'admin-token')
  const made = `at_${randomBytes(adminTokenBytes).toString('base64url')}`
  return { adminToken: (await readOrMake(path, made)).trim(), where: path }
}

export type SamplePoll = { readonly pollId: string; readonly manageToken: string }

/** The sample poll that was made at the first start of this data folder; null before. */
export async function readSamplePoll(dataDir: string): Promise<SamplePoll | null> {
  const text = await readFile(samplePollPath(dataDir), 'utf8').catch(absent)
  if (text === null) return null
  // The cast names what rememberSamplePoll wrote.
  return JSON.parse(text) as SamplePoll
}

export async function rememberSamplePoll(dataDir: string, poll: SamplePoll): Promise<void> {
  await writeFile(samplePollPath(dataDir), `${JSON.stringify(poll)}\n`, { mode: ownerOnly })
}

function samplePollPath(dataDir: string): string {
  return join(dataDir, 'sample-poll.json')
}

/** Two processes that start together agree: the first to write makes it. */
async function readOrMake(path: string, made: string): Promise<string> {
  const known = await readFile(path, 'utf8').catch(absent)
  if (known !== null) return known
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, `${made}\n`, { mode: ownerOnly, flag: 'wx' })
  return made
}

function absent(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
