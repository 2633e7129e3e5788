import { expect, test } from 'vitest'
import { organisePoll } from '../support/organiser.ts'
import { useSystem } from '../support/system.ts'
import { letVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

const voters = 60
const withinMs = 20_000

// As in the middle of a change of VOTE_PARTITIONS: the admin has the new number, the worker still the old one.
const system = useSystem({ partitions: 1, envOf: { admin: { VOTE_PARTITIONS: '3' } } })

test('a poll with more partitions than the worker was told of is recorded whole, and can become final', async () => {
  const { apiUrl } = system()
  const poll = await organisePoll(apiUrl(0))
  const crowd = letVote({ pollId: poll.id, optionIds: poll.optionIds, apiUrl, goOn: (number) => number < voters })
  await crowd.done
  expect(crowd.accepted()).toBe(voters)
  await waitUntil(async () => (await poll.see()).total_votes === voters, { withinMs })
  await poll.step('close')
  await waitUntil(async () => (await poll.see()).results_final, { withinMs })
  expect((await poll.see()).total_votes).toBe(voters)
})
