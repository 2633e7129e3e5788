import { errorOf, TallycastError } from '../../client/src/errors.ts'
import { fetchUntilSilent } from '../organiser/fetch-until-silent.ts'

export type AuditEvent = {
  readonly id: string
  readonly at: string
  readonly action: string
  readonly actor: string
}
export type AuditPage = { readonly events: readonly AuditEvent[]; readonly next_cursor: string | null }

/** How far the accepted votes of a poll are recorded. */
export type Progress = {
  readonly accepted_votes: number
  readonly recorded_votes: number
  readonly waiting_votes: number
  readonly oldest_waiting_ms: number
}

export type ExportFile = 'export.csv' | 'export.csv?part=votes' | 'export.json'

/** What an organiser asks for and the client does not, because nobody else does. Rejects with a `TallycastError`. */
export type OrganiserCalls = {
  readonly audit: (cursor: string | null) => Promise<AuditPage>
  readonly progress: () => Promise<Progress>
  /** The whole file; one that breaks off is none. */
  readonly fetchFile: (file: ExportFile) => Promise<Blob>
}

export function createOrganiserCalls(pollId: string, token: string): OrganiserCalls {
  async function read<Content>(path: string, take: (response: Response) => Promise<Content>): Promise<Content> {
    const headers = { authorization: `Bearer ${token}` }
    try {
      const url = `/polls/${encodeURIComponent(pollId)}/${path}`
      const response = await fetchUntilSilent(url, { headers, cache: 'no-store' })
      if (!response.ok) throw await errorOf(response)
      return await take(response)
    } catch (cause) {
      if (cause instanceof TallycastError) throw cause
      throw new TallycastError({ code: 'unreachable', detail: 'The service cannot be reached right now.', cause })
    }
  }

  // The casts name what the service's own description says of these answers.
  return {
    audit: async (cursor) =>
      read(
        cursor === null ? 'audit' : `audit?cursor=${encodeURIComponent(cursor)}`,
        async (response) => (await response.json()) as AuditPage,
      ),
    progress: async () => read('progress', async (response) => (await response.json()) as Progress),
    fetchFile: async (file) => read(file, async (response) => response.blob()),
  }
}
