import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDataFolder, startEmbedded } from '../support/embedded-system.ts'
import { send } from '../support/organiser.ts'
import { startServerProcess } from '../support/server-process.ts'
import { startSystem, type System } from '../support/system.ts'
import { waitUntil } from '../support/wait-until.ts'

let system: System
beforeAll(async () => {
  system = await startSystem({ apis: 2 })
})
afterAll(() => system.stop())

/** `npm run keys -- …` on the database of the system. */
const keys = async (...args: readonly string[]): Promise<string> =>
  runKeys({ DATABASE_URL: system.database.databaseUrl }, args)
const runKeys = async (env: Readonly<Record<string, string>>, args: readonly string[]): Promise<string> => {
  const command = startServerProcess({ name: 'keys', program: 'keys', args, env })
  try {
    expect(await command.ended(25_000)).toMatchObject({ exitCode: 0 })
    return command.output()
  } finally {
    await command.stop()
  }
}
const create = async (name: string, scopes: string): Promise<{ readonly prefix: string; readonly secret: string }> => {
  const output = await keys('create', '--name', name, '--scopes', scopes)
  const [secret = '', prefix = ''] = /tck_([0-9a-f]{10})_[\w-]{43}/.exec(output) ?? []
  return { prefix, secret }
}

test('a key that the command made works at every api, and within 10 s of its revocation at none', async () => {
  const organiser = await create('Organiser', 'polls:write')
  const host = await create('Host', 'votes:write')
  const bearer = { authorization: `Bearer ${organiser.secret}` }
  const made = await send(system.apiUrl(0), 'POST', '/polls', {
    headers: bearer,
    body: { question: 'Tea?', options: ['Yes', 'No'], results_visibility: 'never' },
  })
  expect(made.status).toBe(201)
  // The documented answer has it.
  const path = `/polls/${(made.body as { id: string }).id}`

  const asOrganiser = async (api: number) => {
    const answer = await send(system.apiUrl(api), 'GET', path, { headers: bearer })
    return answer.status === 200 ? (answer.body as { total_votes: number | null }).total_votes : answer.status
  }
  const asHost = async (api: number) => {
    const headers = { authorization: `Bearer ${host.secret}`, 'content-type': 'application/x-ndjson' }
    const body = '{"voter":"u1","option_id":1}\n'
    return (await fetch(`${system.apiUrl(api)}${path}/votes/bulk`, { method: 'POST', headers, body })).status
  }
  const answers = async () =>
    Promise.all([asOrganiser(0), asOrganiser(1), asHost(0), asHost(1)]).then((all) => all.join(' '))

  expect([await asHost(0), await asHost(1)]).toEqual([200, 200])
  await waitUntil(async () => (await answers()) === '1 1 200 200', { what: 'both keys work at both apis' })

  await keys('revoke', organiser.prefix)
  await keys('revoke', host.prefix)
  // Asked all the time, so that no api forgets a key because nobody shows it.
  await waitUntil(async () => (await answers()) === '401 401 401 401', { withinMs: 10_000, what: 'both are refused' })
  const refused = await send(system.apiUrl(1), 'POST', `${path}/close`, { headers: bearer })
  expect([refused.status, refused.body]).toMatchObject([401, { code: 'token_invalid' }])
  expect(await keys('list')).toMatch(/REVOKED[^]*REVOKED/)
})

test('a Tallycast that creates polls with keys alone starts with its sample poll, and takes a key that the command made in its data folder', async () => {
  const folder = createDataFolder()
  const embedded = await startEmbedded({ dataDir: folder.path, env: { POLL_CREATION: 'key' } })
  try {
    await embedded.welcomes()
    expect(embedded.output()).toMatch(/\/p\/[a-z0-9]{14}\/manage#manage=mt_/)
    const body = { question: 'Tea?', options: ['Yes', 'No'] }
    expect((await send(embedded.url, 'POST', '/polls', { body })).status).toBe(401)
    const made = await runKeys({ DATA_DIR: folder.path }, ['create', '--name', 'Me', '--scopes', 'polls:write'])
    const headers = { authorization: `Bearer ${/tck_\w{10}_[\w-]{43}/.exec(made)?.[0]}` }
    expect((await send(embedded.url, 'POST', '/polls', { body, headers })).status).toBe(201)
  } finally {
    await embedded.stop()
    folder.remove()
  }
})
