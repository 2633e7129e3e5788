import { createKeepKeys, type CreatedKey } from '../../src/application/manage-keys/keep-keys.ts'
import type { ApiKeyInput } from '../../src/domain/api-key.ts'
import type { AuditOrigin } from '../../src/domain/audit.ts'
import type { ApiKeys } from '../../src/ports/api-keys.ts'
import { granted } from './admin-side.ts'

export const byCommand: AuditOrigin = { actor: 'command', actorKey: null, address: null, requestId: null }

/** A key as the command makes it. */
export const issueKey = async (
  keys: ApiKeys,
  scopes: ApiKeyInput['scopes'],
  said: Partial<ApiKeyInput> = {},
): Promise<CreatedKey> =>
  granted(await createKeepKeys(keys).create({ name: 'Test', scopes, expiresAt: null, ...said }, byCommand))
