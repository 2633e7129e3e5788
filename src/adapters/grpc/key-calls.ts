import type { CreatedKey, KeyPage } from '../../application/manage-keys/keep-keys.ts'
import type { ManageKeys } from '../../application/manage-keys.ts'
import type { ApiKey } from '../../domain/api-key.ts'
import { isRefused } from '../../domain/refusal.ts'
import type { AnswerCall } from './calls.ts'
import type { ApiKey as ApiKeyMessage } from './gen/tallycast/admin/v1/ApiKey.ts'
import type { CreateApiKeyRequest__Output } from './gen/tallycast/admin/v1/CreateApiKeyRequest.ts'
import type { CreateApiKeyResponse } from './gen/tallycast/admin/v1/CreateApiKeyResponse.ts'
import type { ListApiKeysRequest__Output } from './gen/tallycast/admin/v1/ListApiKeysRequest.ts'
import type { ListApiKeysResponse } from './gen/tallycast/admin/v1/ListApiKeysResponse.ts'
import type { RevokeApiKeyRequest__Output } from './gen/tallycast/admin/v1/RevokeApiKeyRequest.ts'
import { readPageSize } from './set-aside-calls.ts'
import { timestampOrNull, toMs, toTimestamp } from './times.ts'

/** The calls about API keys. */
export function keyHandlers(keys: ManageKeys, answer: AnswerCall) {
  return {
    CreateApiKey: answer('CreateApiKey', async ({ name, scopes, expiresAt }: CreateApiKeyRequest__Output, caller) => {
      const created = await keys.create(caller, {
        name,
        scopes,
        expiresAt: expiresAt === null ? null : toMs(expiresAt),
      })
      return isRefused(created) ? created : createdMessage(created)
    }),
    ListApiKeys: answer('ListApiKeys', async ({ pageSize, pageToken }: ListApiKeysRequest__Output, caller) => {
      const size = readPageSize(pageSize)
      if (isRefused(size)) return size
      const page = await keys.list(caller, pageToken === '' ? null : pageToken, size)
      return isRefused(page) ? page : pageMessage(page)
    }),
    RevokeApiKey: answer('RevokeApiKey', async ({ prefix }: RevokeApiKeyRequest__Output, caller) => {
      const revoked = await keys.revoke(caller, prefix)
      return isRefused(revoked) ? revoked : keyMessage(revoked)
    }),
  }
}

function createdMessage({ key, secret }: CreatedKey): CreateApiKeyResponse {
  return { key: keyMessage(key), secret }
}

function pageMessage({ keys, nextCursor }: KeyPage): ListApiKeysResponse {
  return { keys: keys.map(keyMessage), nextPageToken: nextCursor ?? '' }
}

function keyMessage({ prefix, name, scopes, createdAt, expiresAt, revokedAt, lastUsedAt }: ApiKey): ApiKeyMessage {
  return {
    prefix,
    name,
    scopes: [...scopes],
    createdAt: toTimestamp(createdAt),
    expiresAt: timestampOrNull(expiresAt),
    revokedAt: timestampOrNull(revokedAt),
    lastUsedAt: timestampOrNull(lastUsedAt),
  }
}
