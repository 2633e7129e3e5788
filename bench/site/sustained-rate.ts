import { acceptedOf, CONNECTIONS as connections } from './bare-post.ts'
import type { Installation } from './installation.ts'
import { type Load, votesOf } from './load.ts'
import { watchRecording } from './recorded-votes.ts'

const probeMs = 8_000
/** More sessions than the fastest machine uses up while it is probed. */
const votersPerSecond = 60_000

/** Votes per second from the first request to the last vote in the ledger, while they come as fast as they are answered. */
export async function sustain(load: Load, installation: Installation): Promise<number> {
  const poll = await installation.createPoll()
  await load.prepare(votesOf(installation, poll.id, (probeMs / 1000) * votersPerSecond))
  const beganAt = performance.now()
  const accepted = acceptedOf(await load.run({ connections, perSecond: null, forMs: probeMs }))
  await watchRecording(installation.database, [poll.id], accepted)
  const ms = performance.now() - beganAt
  await installation.provesVotes(poll, accepted)
  return (accepted / ms) * 1000
}
