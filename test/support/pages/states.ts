import { fillInArabic, manageInArabic, openInArabic } from './reach-arabic.ts'
import { create, createFilled, createWithCodes, fillForm, pasteOptions, previewHidden } from './reach-create.ts'
import { embed } from './reach-embed.ts'
import { closeAndManage, edit, manage } from './reach-manage.ts'
import {
  close,
  cutOff,
  keep,
  loseDeleted,
  open,
  present,
  pressOnScreen,
  sendOddForm,
  vote,
  voteAsOrganiser,
  voteFor,
} from './reach-poll.ts'
import type { Scene } from './scene.ts'

/** A page as somebody may see it. `reach` leads there, and fails where that is not reached. */
export type PageState = {
  readonly page: 'create' | 'vote' | 'manage' | 'present' | 'embed' | 'join' | 'message'
  readonly state: string
  readonly reach: (scene: Scene) => Promise<void>
}

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString()
const long = 'Wirtschaftswissenschaftlerinnen discuss at length what nobody can read from afar. '.repeat(7)
const longOptions = Array.from({ length: 100 }, (_, at) => `${at + 1} ${long}`.slice(0, 200))
const many = { question: long.slice(0, 500), description: long, options: longOptions }
const six = { question: long.slice(0, 160), options: longOptions.slice(0, 6) }
const changeable = { allow_vote_change: true }
const two = { type: 'multiple', max_choices: 2 }
const code = { voter_identity: 'code' }
const never = { results_visibility: 'never' }
const afterVote = { results_visibility: 'after_vote' }

/** Every page in every state: pictures, looks and accessibility are taken from here. A new state is a line. */
export const pageStates: readonly PageState[] = [
  { page: 'create', state: 'empty', reach: async ({ visit }) => visit('/', 'Make the poll') },
  { page: 'create', state: 'filled', reach: fillForm },
  { page: 'create', state: 'preview-hidden', reach: previewHidden },
  { page: 'create', state: 'many', reach: async (scene) => pasteOptions(scene, longOptions) },
  { page: 'create', state: 'refused', reach: async (scene) => create(scene, 'Write a question.') },
  { page: 'create', state: 'created', reach: async (scene) => createFilled(scene) },
  { page: 'create', state: 'codes', reach: async (scene) => createWithCodes(scene) },
  { page: 'create', state: 'arabic', reach: fillInArabic },

  { page: 'vote', state: 'draft', reach: async (scene) => vote(scene, { draft: true }, 'Not open yet') },
  { page: 'vote', state: 'scheduled', reach: async (scene) => vote(scene, { opens_at: inAnHour() }, 'Not open yet') },
  { page: 'vote', state: 'open', reach: async (scene) => vote(scene, { closes_at: inAnHour() }, 'Live') },
  { page: 'vote', state: 'multiple', reach: async (scene) => vote(scene, two, 'Live') },
  { page: 'vote', state: 'many', reach: async (scene) => vote(scene, many, 'Live') },
  { page: 'vote', state: 'code', reach: async (scene) => vote(scene, code, 'Your voting code') },
  { page: 'vote', state: 'refused', reach: async (scene) => voteFor(scene, {}, null) },
  { page: 'vote', state: 'voted', reach: async (scene) => voteFor(scene, {}, 'Ice cream') },
  { page: 'vote', state: 'changeable', reach: async (scene) => voteFor(scene, changeable, 'Ice cream') },
  { page: 'vote', state: 'kept', reach: keep },
  { page: 'vote', state: 'hidden', reach: async (scene) => vote(scene, afterVote, 'once you have voted') },
  { page: 'vote', state: 'cut-off', reach: cutOff },
  { page: 'vote', state: 'organiser', reach: voteAsOrganiser },
  { page: 'vote', state: 'closed', reach: async (scene) => close(scene, {}, '') },
  { page: 'vote', state: 'closed-hidden', reach: async (scene) => close(scene, never, '') },
  { page: 'vote', state: 'deleted', reach: loseDeleted },
  { page: 'vote', state: 'arabic', reach: async (scene) => openInArabic(scene, '') },

  { page: 'manage', state: 'draft', reach: async (scene) => manage(scene, { draft: true }, 'Nobody can vote yet.') },
  { page: 'manage', state: 'open', reach: async (scene) => manage(scene, {}, 'People can vote now.') },
  { page: 'manage', state: 'many', reach: async (scene) => manage(scene, many, 'People can vote now.') },
  { page: 'manage', state: 'code', reach: async (scene) => manage(scene, code, 'People can vote now.') },
  { page: 'manage', state: 'hidden', reach: async (scene) => manage(scene, never, 'Nobody else sees the result') },
  { page: 'manage', state: 'closing', reach: async (scene) => manage(scene, {}, 'Keep it open', 'Close voting') },
  { page: 'manage', state: 'editing', reach: edit },
  { page: 'manage', state: 'closed', reach: closeAndManage },
  { page: 'manage', state: 'arabic', reach: manageInArabic },
  { page: 'manage', state: 'no-token', reach: async (scene) => open(scene, '/manage', 'needs the link to manage') },

  { page: 'present', state: 'scheduled', reach: async (scene) => present(scene, { opens_at: inAnHour() }) },
  { page: 'present', state: 'open', reach: async (scene) => present(scene, { closes_at: inAnHour() }) },
  { page: 'present', state: 'six', reach: async (scene) => present(scene, six) },
  { page: 'present', state: 'many', reach: async (scene) => present(scene, many) },
  { page: 'present', state: 'hidden', reach: async (scene) => present(scene, afterVote) },
  { page: 'present', state: 'closed', reach: async (scene) => close(scene, {}, '/present') },
  { page: 'present', state: 'code', reach: async (scene) => pressOnScreen(scene, 'q') },
  { page: 'present', state: 'keys', reach: async (scene) => pressOnScreen(scene, '?') },
  { page: 'present', state: 'closing', reach: async (scene) => pressOnScreen(scene, 'c') },
  { page: 'present', state: 'overlay', reach: async (scene) => present(scene, {}, '?overlay') },
  { page: 'present', state: 'arabic', reach: async (scene) => openInArabic(scene, '/present') },

  { page: 'embed', state: 'element', reach: embed },
  { page: 'embed', state: 'frame', reach: async (scene) => open(scene, '/embed', 'Live') },
  { page: 'embed', state: 'arabic', reach: async (scene) => openInArabic(scene, '/embed') },

  { page: 'join', state: 'empty', reach: async ({ visit }) => visit('/j', 'Join a poll') },
  { page: 'join', state: 'unknown', reach: async ({ visit }) => visit('/j?code=222222', 'No poll has this code.') },

  { page: 'message', state: 'no-poll', reach: async ({ visit }) => visit('/p/nosuchpoll12', 'This poll is not here') },
  { page: 'message', state: 'no-page', reach: async ({ visit }) => visit('/nowhere', 'There is no page here') },
  { page: 'message', state: 'refused', reach: sendOddForm },
]
