import type { OptionInput, PollInput, PollPatch } from '../../domain/poll.ts'
import { type FieldError, type Refused, refuse } from '../../domain/refusal.ts'
import type { CreatePollRequest, CreatePollRequest__Output } from './gen/tallycast/admin/v1/CreatePollRequest.ts'
import type { OptionInput as OptionMessage, OptionInput__Output } from './gen/tallycast/admin/v1/OptionInput.ts'
import type { UpdatePollRequest, UpdatePollRequest__Output } from './gen/tallycast/admin/v1/UpdatePollRequest.ts'
import { toMs, toTimestamp } from './times.ts'
import { pollTypes, resultsVisibilities, voterIdentities, voterVisibilities, type Words } from './words.ts'

/** What the client sends for a new poll; what is left out is left to the service. */
export function createPollRequest(input: PollInput): CreatePollRequest {
  return {
    ...wordsToSend(input),
    question: input.question,
    description: input.description ?? '',
    options: input.options.map(optionToSend),
    opensAt: timeToSend(input.opensAt),
    closesAt: timeToSend(input.closesAt),
    draft: input.draft ?? false,
    allowVoteChange: input.allowVoteChange ?? false,
  }
}

export function readCreatePoll(request: CreatePollRequest__Output): PollInput | Refused {
  const words = readWords(request)
  if ('refused' in words) return words
  return {
    ...words,
    question: request.question,
    description: request.description,
    options: request.options.map(readOption),
    minChoices: request.minChoices,
    maxChoices: request.maxChoices,
    opensAt: request.opensAt === null ? undefined : toMs(request.opensAt),
    closesAt: request.closesAt === null ? undefined : toMs(request.closesAt),
    draft: request.draft,
    allowVoteChange: request.allowVoteChange,
  }
}

/** An edit: a time that is null is taken away, one that is undefined stays. */
export function updatePollRequest(pollId: string, patch: PollPatch): UpdatePollRequest {
  const { question, description, options, opensAt, closesAt, allowVoteChange } = patch
  return {
    ...wordsToSend(patch),
    ...(question === undefined ? {} : { question }),
    ...(description === undefined ? {} : { description }),
    ...(options === undefined ? {} : { options: { options: options.map(optionToSend) } }),
    ...(allowVoteChange === undefined ? {} : { allowVoteChange }),
    pollId,
    opensAt: timeToSend(opensAt),
    closesAt: timeToSend(closesAt),
    clearOpensAt: opensAt === null,
    clearClosesAt: closesAt === null,
  }
}

export function readUpdatePoll(request: UpdatePollRequest__Output): PollPatch | Refused {
  const words = readWords(request)
  if ('refused' in words) return words
  const bothWays = (['opensAt', 'closesAt'] as const).filter(
    (time) => request[time] !== null && request[time === 'opensAt' ? 'clearOpensAt' : 'clearClosesAt'],
  )
  if (bothWays.length > 0) {
    const errors = bothWays.map((time) => ({
      pointer: time === 'opensAt' ? '/opens_at' : '/closes_at',
      detail: 'The time is set and cleared at once: do one of them.',
    }))
    return refuse('invalid_body', 'A time is set and cleared at once.', errors)
  }
  return {
    ...words,
    question: request.question,
    description: request.description,
    options: request.options?.options.map(readOption),
    minChoices: request.minChoices,
    maxChoices: request.maxChoices,
    opensAt: request.clearOpensAt ? null : request.opensAt === null ? undefined : toMs(request.opensAt),
    closesAt: request.clearClosesAt ? null : request.closesAt === null ? undefined : toMs(request.closesAt),
    allowVoteChange: request.allowVoteChange,
  }
}

type GivenWords = Pick<
  PollPatch,
  'type' | 'resultsVisibility' | 'voterVisibility' | 'voterIdentity' | 'minChoices' | 'maxChoices'
>

function wordsToSend(given: GivenWords) {
  const { type, resultsVisibility, voterVisibility, voterIdentity, minChoices, maxChoices } = given
  return {
    ...(type === undefined ? {} : { type: pollTypes.nameOf(type) }),
    ...(resultsVisibility === undefined ? {} : { resultsVisibility: resultsVisibilities.nameOf(resultsVisibility) }),
    ...(voterVisibility === undefined ? {} : { voterVisibility: voterVisibilities.nameOf(voterVisibility) }),
    ...(voterIdentity === undefined ? {} : { voterIdentity: voterIdentities.nameOf(voterIdentity) }),
    ...(minChoices === undefined ? {} : { minChoices }),
    ...(maxChoices === undefined ? {} : { maxChoices }),
  }
}

type NamedWords = Pick<CreatePollRequest__Output, 'type' | 'resultsVisibility' | 'voterVisibility' | 'voterIdentity'>

/** Enums are open: a newer client may send a number that this server has no word for. */
function readWords(request: NamedWords): Omit<GivenWords, 'minChoices' | 'maxChoices'> | Refused {
  const errors: FieldError[] = []
  const read = <Word extends string>(pointer: string, words: Words<Word, string>, name: string): Word | undefined => {
    const word = words.wordOf(name)
    if (word === undefined && !words.isUnspecified(name)) errors.push({ pointer, detail: `${name} is not known here.` })
    return word
  }
  const given = {
    type: read('/type', pollTypes, request.type),
    resultsVisibility: read('/results_visibility', resultsVisibilities, request.resultsVisibility),
    voterVisibility: read('/voter_visibility', voterVisibilities, request.voterVisibility),
    voterIdentity: read('/voter_identity', voterIdentities, request.voterIdentity),
  }
  return errors.length === 0 ? given : refuse('invalid_body', 'The request has a word that is not known here.', errors)
}

function timeToSend(ms: number | null | undefined) {
  return ms === null || ms === undefined ? null : toTimestamp(ms)
}

function optionToSend({ id, text }: OptionInput): OptionMessage {
  return id === undefined ? { text } : { id, text }
}

function readOption({ id, text }: OptionInput__Output): OptionInput {
  return { id, text }
}
