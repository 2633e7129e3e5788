import { createHash } from 'node:crypto'
import type { LivePoll } from '../../application/watch-poll.ts'
import type { PollInput, PollPatch } from '../../domain/poll.ts'
import { type FieldError, type Refused, refuse } from '../../domain/refusal.ts'
import { isSameForEverybody } from '../../domain/tally.ts'
import { type ConditionalHeaders, conditionalHeaders } from './conditional.ts'
import type { NewPoll, PollBody, PollEdit, ResultsBody } from './poll-schemas.ts'

/** What a reader gets of a poll, ready to be sent. */
export type RenderedPoll = { readonly json: string; readonly etag: string; readonly headers: ConditionalHeaders }

export type Form = 'poll' | 'results'

/** Each state of a poll is rendered once per form, however many read it; gone when the state is. */
const rendered = new WeakMap<LivePoll, Map<string, RenderedPoll>>()

/** The poll, or its results alone, as JSON. */
export function renderPoll(live: LivePoll, form: Form, isVisible: boolean): RenderedPoll {
  let forms = rendered.get(live)
  if (forms === undefined) rendered.set(live, (forms = new Map()))
  const name = `${form} ${isVisible}`
  let found = forms.get(name)
  if (found === undefined) {
    const body = form === 'poll' ? pollBody(live, isVisible) : resultsBody(live, isVisible)
    const json = JSON.stringify(body)
    const etag = etagOf(live, name, isVisible)
    found = { json, etag, headers: conditionalHeaders(json, etag, isSameForEverybody(live.poll)) }
    forms.set(name, found)
  }
  return found
}

/** With hidden results it changes with the definition and the status alone: anything else would tell that somebody voted. */
function etagOf({ poll, tally }: LivePoll, form: string, isVisible: boolean): string {
  const state = [poll.id, form, poll.revision, isVisible ? tally.version : '', poll.status].join(' ')
  return `"${createHash('sha256').update(state).digest('base64url').slice(0, 22)}"`
}

export function pollBody({ poll, tally }: LivePoll, isVisible: boolean): PollBody {
  const votes = new Map(tally.optionIds.map((id, index) => [id, tally.counts[index] ?? 0]))
  return {
    id: poll.id,
    question: poll.question,
    description: poll.description,
    type: poll.type,
    options: poll.options.map(({ id, text, position }) => ({
      id,
      text,
      position,
      votes: isVisible ? (votes.get(id) ?? 0) : null,
    })),
    min_choices: poll.minChoices,
    max_choices: poll.maxChoices,
    status: shownStatus(poll.status),
    opens_at: timeText(poll.opensAt),
    closes_at: timeText(poll.closesAt),
    opened_at: timeText(poll.openedAt),
    closed_at: timeText(poll.closedAt),
    edited_at: timeText(poll.editedAt),
    results_visibility: poll.resultsVisibility,
    voter_visibility: poll.voterVisibility,
    voter_identity: poll.voterIdentity,
    allow_vote_change: poll.allowVoteChange,
    // A cached definition may be of a version that knew of none.
    join_code: poll.joinCode ?? null,
    round: poll.round,
    revision: poll.revision,
    version: isVisible ? tally.version : null,
    total_votes: isVisible ? tally.totalVotes : null,
    results_final: tally.resultsFinal,
  }
}

export function resultsBody({ poll, tally }: LivePoll, isVisible: boolean): ResultsBody {
  return {
    poll_id: poll.id,
    status: shownStatus(poll.status),
    as_of: isVisible ? timeText(tally.asOf) : null,
    options: tally.optionIds.map((id, index) => ({ id, votes: isVisible ? (tally.counts[index] ?? 0) : null })),
    round: poll.round,
    revision: poll.revision,
    version: isVisible ? tally.version : null,
    total_votes: isVisible ? tally.totalVotes : null,
    results_final: tally.resultsFinal,
  }
}

/** A deleted poll is 404 on every way here, so its status is never shown. */
function shownStatus(status: LivePoll['poll']['status']): PollBody['status'] {
  if (status === 'deleted') throw new Error('a deleted poll has no body')
  return status
}

function timeText(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}

/** The definition that an organiser sent; the admin role judges what it says. */
export function readNewPoll(body: NewPoll): PollInput | Refused {
  const edit = readPollEdit(body)
  if ('refused' in edit) return edit
  return { ...edit, question: body.question, options: body.options.map(readOption), draft: body.draft }
}

export function readPollEdit(body: PollEdit): PollPatch | Refused {
  const errors: FieldError[] = []
  const time = (name: 'opens_at' | 'closes_at'): number | null | undefined => {
    const text = body[name]
    if (text === undefined || text === null) return text
    const parsed = Date.parse(text)
    // The form of a time was checked; that the day exists was not.
    if (Number.isNaN(parsed)) errors.push({ pointer: `/${name}`, detail: 'is no time that exists' })
    return parsed
  }
  const patch: PollPatch = {
    ...(body.question !== undefined && { question: body.question }),
    ...(body.options !== undefined && { options: body.options.map(readOption) }),
    description: body.description,
    type: body.type,
    minChoices: body.min_choices,
    maxChoices: body.max_choices,
    opensAt: time('opens_at'),
    closesAt: time('closes_at'),
    resultsVisibility: body.results_visibility,
    voterVisibility: body.voter_visibility,
    voterIdentity: body.voter_identity,
    allowVoteChange: body.allow_vote_change,
  }
  return errors.length === 0 ? patch : refuse('invalid_body', 'A time does not exist.', errors)
}

/** The admin role knows options by their text; in a body that gave bare texts the pointer is the option itself. */
export function pointIntoBody(refused: Refused, { options = [] }: PollEdit): Refused {
  if (refused.errors === undefined) return refused
  const errors = refused.errors.map((error) => {
    const index = /^\/options\/(\d+)\/text$/.exec(error.pointer)?.[1]
    return index !== undefined && typeof options[Number(index)] === 'string'
      ? { ...error, pointer: `/options/${index}` }
      : error
  })
  return { ...refused, errors }
}

function readOption(option: string | { readonly id?: number; readonly text: string }): { id?: number; text: string } {
  return typeof option === 'string' ? { text: option } : option
}
