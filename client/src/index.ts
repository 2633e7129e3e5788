export type { TallyMessage } from '../../contract/messages.ts'
export { type CallOptions, type Client, type ClientOptions, createClient, type VoteOptions } from './client.ts'
export { type ErrorCode, TallycastError } from './errors.ts'
export type {
  AcceptedVote,
  CreatedPoll,
  NewPoll,
  OwnVote,
  Poll,
  PollEdit,
  PollStatus,
  Receipt,
  Results,
} from './polls.ts'
export type { Watch, WatchListener } from './watch.ts'
export type { WatchStatus } from './watch-state.ts'
