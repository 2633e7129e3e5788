import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSecretStore } from '../../src/adapters/postgres/secrets.ts'
import { createVoteIds, type VoteIds } from '../../src/application/cast-vote/vote-id.ts'
import { partitionOf, type VoterKey } from '../../src/domain/vote.ts'
import type { DoorCall } from '../../src/ports/vote-door.ts'
import type { HttpClient } from '../support/http-client.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { ask, someCall } from '../support/some-calls.ts'
import { someVoter } from '../support/some-votes.ts'
import { waitUntil } from '../support/wait-until.ts'

const partitions = 2

describe.each<Profile>(['redis', 'postgres'])('a receipt, on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient
  let voteIds: VoteIds
  const disagreements: string[] = []

  beforeAll(async () => {
    system = await startSystem(profile, { VOTE_PARTITIONS: `${partitions}` })
    call = await createCheckedClient(system.url, disagreements)
    voteIds = createVoteIds((await createSecretStore(system.database.pool).read()).service)
  })
  afterAll(() => system.stop())

  async function makePoll(): Promise<string> {
    const made = await call('POST', '/polls', {
      json: { question: 'What?', options: ['Tea', 'Coffee'], allow_vote_change: true },
    })
    return made.body.id
  }

  /** Past the api, which would refuse an option that the poll has not: the address of the receipt. */
  async function voteAtDoor(said: Pick<DoorCall, 'pollId' | 'selection'> & Partial<DoorCall>, voter: VoterKey) {
    const doorCall = someCall({ revision: 1_000, voter, ...said })
    const answer = await ask(system.adapters.door, doorCall, partitionOf(voter, partitions))
    if (answer.answer !== 'accepted') throw new Error(answer.answer)
    const { pollId, round } = doorCall
    return `/votes/${voteIds.seal({ pollId, round, voter, position: answer.position })}`
  }

  async function statusOf(address: string): Promise<string> {
    return (await call('GET', address)).body.status
  }

  test('says that a vote was set aside, also where an earlier one of its voter counts', async () => {
    const pollId = await makePoll()
    const [anna, ben] = [someVoter(), someVoter()]
    const only = await voteAtDoor({ pollId, selection: [9] }, anna)
    const first = await voteAtDoor({ pollId, selection: [1] }, ben)
    await waitUntil(async () => (await statusOf(first)) === 'recorded')
    const second = await voteAtDoor({ pollId, selection: [9], kind: 'change' }, ben)
    await waitUntil(async () => (await statusOf(only)) === 'set_aside')
    await waitUntil(async () => (await statusOf(second)) === 'set_aside')
    expect(await statusOf(first)).toBe('recorded')
    const last = await voteAtDoor({ pollId, selection: [2], kind: 'change' }, ben)
    await waitUntil(async () => (await statusOf(last)) === 'recorded')
    expect(await statusOf(first)).toBe('superseded')
    expect(disagreements).toEqual([])
  })
})
