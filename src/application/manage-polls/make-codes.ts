import { isRefused, type Refused, refuse } from '../../domain/refusal.ts'
import { CODE_LIMITS, isCodeCount, refuseCodes } from '../../domain/voting-code.ts'
import type { CodeRegister } from '../../ports/code-register.ts'
import type { Caller } from '../../ports/poll-admin.ts'
import type { SecretStore } from '../../ports/secrets.ts'
import { originOf } from '../audit.ts'
import { createVotingCodes } from '../voting-codes.ts'
import { createFindPoll, type FindPoll, type FindPollParts } from './find-poll.ts'

/** As many new codes for a poll as its organiser asks for. They are shown this once; the register has their voters before. */
export type MakeCodes = (caller: Caller, pollId: string, count: number) => Promise<readonly string[] | Refused>

/** With a register that is nearly full, one of 10,000 new codes has been drawn before in one of four calls. */
const attemptsMax = 20

export function createMakeCodes(
  parts: FindPollParts & { readonly register: CodeRegister; readonly secrets: SecretStore },
): MakeCodes {
  const { register, secrets } = parts
  const find = createFindPoll(parts)

  async function findFit(caller: Caller, pollId: string): ReturnType<FindPoll> {
    const found = await find(caller, pollId, 'polls:write')
    return isRefused(found) ? found : (refuseCodes(found.poll) ?? found)
  }

  return async (caller, pollId, count) => {
    const found = await findFit(caller, pollId)
    if (isRefused(found)) return found
    if (!isCodeCount(count)) return wrongCount
    const note = { ...originOf(found.holder, caller), action: 'codes_created' } as const
    const votingCodes = createVotingCodes(await secrets.read())
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const drawn = votingCodes.draw(pollId, count)
      const voters = drawn.map(({ voter }) => voter)
      const outcome = await register.enter(pollId, voters, CODE_LIMITS.perPollMax, note)
      if (outcome === 'refused') {
        // It may have been closed, edited or deleted since it was judged.
        const again = await findFit(caller, pollId)
        return isRefused(again) ? again : noMoreCodes
      }
      if (outcome === 'entered') return drawn.map(({ code }) => code)
    }
    throw new Error(`${attemptsMax} times in a row one of ${count} random codes was taken`)
  }
}

const wrongCount = refuse('invalid_body', `A call makes 1 to ${CODE_LIMITS.perCallMax} codes.`, [
  { pointer: '/count', detail: `must be a whole number from 1 to ${CODE_LIMITS.perCallMax}` },
])
const noMoreCodes = refuse(
  'code_limit_reached',
  `A poll has at most ${CODE_LIMITS.perPollMax} codes, and with these it would have more.`,
)
