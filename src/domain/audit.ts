export const AUDIT_ACTIONS = [
  'poll_created',
  'poll_edited',
  'poll_opened',
  'poll_closed',
  'poll_reset',
  'poll_deleted',
  'key_created',
  'key_revoked',
  'set_aside_replayed',
  'codes_created',
  'votes_pruned',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** What somebody showed who acted; `nobody` creates polls where anyone may, `command` is whoever reaches the database. */
export const AUDIT_ACTORS = ['nobody', 'manage_token', 'api_key', 'admin_token', 'command'] as const
export type AuditActor = (typeof AUDIT_ACTORS)[number]

/** Who acted, from where, and in which request. */
export type AuditOrigin = {
  readonly actor: AuditActor
  /** The prefix of the key that acted; null for all others. */
  readonly actorKey: string | null
  /** As the api saw it, or an admin whom nobody stands before; null for the command. */
  readonly address: string | null
  readonly requestId: string | null
}

/** What is to be kept of an action, beside what it was done to. */
export type AuditNote = AuditOrigin & { readonly action: AuditAction }

/** `pollId` and `keyPrefix` say what it was done to. What a newer version has noted may have words that this one does not know. */
export type AuditEvent = Omit<AuditNote, 'action' | 'actor'> & {
  readonly action: string
  readonly actor: string
  readonly id: string
  readonly at: number
  readonly pollId: string | null
  readonly keyPrefix: string | null
}

export type AuditPage = { readonly events: readonly AuditEvent[]; readonly nextCursor: string | null }
