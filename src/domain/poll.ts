export type PollStatus = 'draft' | 'scheduled' | 'open' | 'closing' | 'closed' | 'deleted'
export type PollType = 'single' | 'multiple'
export type ResultsVisibility = 'always' | 'after_vote' | 'after_close' | 'never'
export type VoterVisibility = 'secret' | 'organizer' | 'public'
export type VoterIdentity = 'none' | 'session' | 'token' | 'code'

/** `id` is unique in the poll and never reused, also not after the option was removed; `position` orders them, from 0. */
export type PollOption = { readonly id: number; readonly text: string; readonly position: number }

/**
 * The definition of a poll: all but the votes. Times are milliseconds since 1970, by the clock of the stream.
 *
 * `round` begins at 1; a reset begins a new one. `revision` grows with every change of the definition or the status.
 */
export type Poll = {
  readonly id: string
  readonly question: string
  readonly description: string
  readonly type: PollType
  readonly options: readonly PollOption[]
  /** The id that the next new option gets. */
  readonly nextOptionId: number
  readonly minChoices: number
  readonly maxChoices: number
  readonly status: PollStatus
  readonly opensAt: number | null
  readonly closesAt: number | null
  readonly openedAt: number | null
  readonly closedAt: number | null
  readonly editedAt: number | null
  readonly createdAt: number
  readonly resultsVisibility: ResultsVisibility
  readonly voterVisibility: VoterVisibility
  readonly voterIdentity: VoterIdentity
  readonly allowVoteChange: boolean
  /** Number of partitions that the votes are spread over; fixed at creation. */
  readonly partitions: number
  readonly round: number
  readonly revision: number
  /** SHA-256 of the manage token, hexadecimal. Never leaves the service. */
  readonly manageTokenHash: string
  /** Prefix of the API key that created it, and so manages it; null where none did. Never leaves the service. */
  readonly createdByKey: string | null
  /** By which people find it who cannot scan or click; of no other poll that is there. Null for polls from before there were any. */
  readonly joinCode: string | null
}

/** Limits of a definition (characters are Unicode code points). */
export const POLL_LIMITS = {
  optionsMin: 2,
  optionsMax: 100,
  optionTextMax: 200,
  questionMax: 500,
  descriptionMax: 5000,
  /** Option ids are small integers; editing a draft more often than this allows needs a new poll. */
  optionIdMax: 32_767,
} as const

/** What an organiser gives for a new poll. What is left out takes its default in `definePoll`. */
export type PollInput = {
  readonly question: string
  readonly description?: string | undefined
  readonly type?: PollType | undefined
  readonly options: readonly OptionInput[]
  readonly minChoices?: number | undefined
  readonly maxChoices?: number | undefined
  readonly opensAt?: number | null | undefined
  readonly closesAt?: number | null | undefined
  readonly draft?: boolean | undefined
  readonly resultsVisibility?: ResultsVisibility | undefined
  readonly voterVisibility?: VoterVisibility | undefined
  readonly voterIdentity?: VoterIdentity | undefined
  readonly allowVoteChange?: boolean | undefined
}

/** An option of a new poll has no id; in an edit the id says which option is kept. */
export type OptionInput = { readonly id?: number | undefined; readonly text: string }

/** An edit: what is left out stays. */
export type PollPatch = { readonly [Field in Exclude<keyof PollInput, 'draft'>]?: PollInput[Field] | undefined }
