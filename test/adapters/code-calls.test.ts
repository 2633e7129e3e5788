import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMakeCodes } from '../../src/application/manage-polls/make-codes.ts'
import { createVotingCodes } from '../../src/application/voting-codes.ts'
import { CODE_LIMITS } from '../../src/domain/voting-code.ts'
import { type AdminClient, connectAdminClient } from '../support/admin-client.ts'
import {
  adminToken,
  type AdminSide,
  createPoll,
  granted,
  operator,
  startAdminSide,
  voteAt,
} from '../support/admin-side.ts'
import { issueKey } from '../support/issue-key.ts'
import { waitUntil } from '../support/wait-until.ts'

let side: AdminSide
let address = ''
const clients: AdminClient[] = []

beforeAll(async () => {
  side = await startAdminSide('postgres')
  ;({ address } = await side.runRole())
})
afterAll(async () => {
  for (const client of clients) client.close()
  await side.stop()
})

function clientOf(token: string | null): AdminClient {
  const client = connectAdminClient(address, token)
  clients.push(client)
  return client
}
const askForCodes = async () => createPoll(side.createSteps().managePolls, { voterIdentity: 'code' })

test('codes are made over gRPC too, by whoever may change the poll, as many as a call may make', async () => {
  const { poll, organiser } = await askForCodes()
  const client = clientOf(organiser.bearer)
  const { codes } = granted(await client.createCodes(poll.id, CODE_LIMITS.perCallMax))
  expect(new Set(codes).size).toBe(CODE_LIMITS.perCallMax)
  const votingCodes = createVotingCodes(await side.adapters.secrets.read())
  expect(codes.every((code) => votingCodes.voterOf(poll.id, code) !== null)).toBe(true)
  for (const count of [0, -1, CODE_LIMITS.perCallMax + 1]) {
    expect(await client.createCodes(poll.id, count)).toMatchObject({
      refused: 'invalid_body',
      errors: [{ pointer: '/count' }],
    })
  }
  const page = granted(await clientOf(adminToken).listAuditEvents({ pageSize: 1 }))
  expect(page.events[0]).toMatchObject({
    action: 'AUDIT_ACTION_CODES_CREATED',
    actor: 'AUDIT_ACTOR_MANAGE_TOKEN',
    pollId: poll.id,
  })
})

test('they are refused to everybody else, and for polls that have no use for them', async () => {
  const { poll } = await askForCodes()
  const another = await askForCodes()
  const reading = await issueKey(side.adapters.keys, ['polls:read', 'votes:write'])
  for (const [token, refused] of [
    [null, 'unauthenticated'],
    ['cheese', 'token_invalid'],
    [another.organiser.bearer, 'forbidden'],
    [reading.secret, 'forbidden'],
  ] as const) {
    expect(await clientOf(token).createCodes(poll.id, 1)).toMatchObject({ refused })
  }
  const client = clientOf(adminToken)
  expect(await client.createCodes('unknown23456', 1)).toMatchObject({ refused: 'poll_not_found' })
  const ofSessions = await createPoll(side.createSteps().managePolls)
  expect(await client.createCodes(ofSessions.poll.id, 1)).toMatchObject({ refused: 'identity_not_code' })
  granted(await client.closePoll(poll.id))
  expect(await client.createCodes(poll.id, 1)).toMatchObject({ refused: 'poll_final' })
})

test.each([
  ['was closed', "status = 'closing'", 'poll_final'],
  ['was deleted', "status = 'deleted'", 'poll_not_found'],
  ['asks for something else', "voter_identity = 'session'", 'identity_not_code'],
])('they are refused for a poll that %s after it was looked at', async (_what, change, refused) => {
  const { poll } = await askForCodes()
  const { pool } = side.database
  const holder = await pool.connect()
  await holder.query('begin')
  await holder.query(`update poll set ${change} where id = $1`, [poll.id])
  const asked = clientOf(adminToken).createCodes(poll.id, 1)
  await waitUntil(async () => {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and query like '%vote_code%'`,
    )
    return rowCount === 1
  })
  await holder.query('commit')
  holder.release()
  expect(await asked).toMatchObject({ refused })
})

test('a recount tells of a vote that no code has led to, and of none of those that one has', async () => {
  const { poll } = await askForCodes()
  const client = clientOf(adminToken)
  const { codes } = granted(await client.createCodes(poll.id, 2))
  const votingCodes = createVotingCodes(await side.adapters.secrets.read())
  const recounted = async (totalVotes: number) => {
    await waitUntil(async () => granted(await client.recountPoll(poll.id)).totalVotes === totalVotes)
    return granted(await client.recountPoll(poll.id))
  }
  for (const code of codes)
    expect(await voteAt(side.adapters.door, poll, votingCodes.voterOf(poll.id, code)!)).toBe('accepted') // It was just made.
  expect(await recounted(2)).toMatchObject({ isEqual: true, unregisteredVotes: 0 })
  // As somebody could make one who knows the secrets.
  const [forged] = votingCodes.draw(poll.id, 1)
  expect(await voteAt(side.adapters.door, poll, forged!.voter)).toBe('accepted') // One was drawn.
  expect(await recounted(3)).toMatchObject({ isEqual: false, differences: [], unregisteredVotes: 1 })
})

test('codes of which one was drawn before are drawn anew', async () => {
  const { poll } = await askForCodes()
  const asked: (readonly string[])[] = []
  const { polls, secrets, register } = side.adapters
  const makeCodes = createMakeCodes({
    polls,
    secrets,
    judgeBearer: { judge: async () => ({ is: 'operator' }) },
    register: {
      // What is asked for first is made to collide; the register itself says so.
      async enter(pollId, voters, codesMax, note) {
        if (asked.length === 0) await register.enter(pollId, voters.slice(-1), codesMax)
        asked.push(voters)
        return register.enter(pollId, voters, codesMax, note)
      },
    },
  })
  const codes = granted(await makeCodes(operator, poll.id, 3))
  const votingCodes = createVotingCodes(await secrets.read())
  expect(asked).toHaveLength(2)
  expect(codes.map((code) => votingCodes.voterOf(poll.id, code))).toEqual(asked[1])
})
