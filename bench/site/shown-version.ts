import type { OrganisedPoll } from '../../test/support/organiser.ts'
import { waitUntil } from '../../test/support/wait-until.ts'
import type { Installation } from './installation.ts'

/** The version of the poll that counts all these votes, once everybody is shown it. */
export async function versionWith({ apiUrl }: Installation, poll: OrganisedPoll, votes: number): Promise<number> {
  let shown = await poll.see(apiUrl)
  await waitUntil(
    async () => {
      shown = await poll.see(apiUrl)
      return shown.total_votes === votes
    },
    { withinMs: 30_000, what: `${votes} votes are shown` },
  )
  return shown.version
}
