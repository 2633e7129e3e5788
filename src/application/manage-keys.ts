// API keys over the network: the same as the command does, for whoever shows that they may.
import type { ApiKey, ApiKeyInput } from '../domain/api-key.ts'
import { isRefused, type Refused } from '../domain/refusal.ts'
import type { Caller } from '../ports/poll-admin.ts'
import { originOf } from './audit.ts'
import { authorizeScope } from './authorize.ts'
import { judgeFor, type JudgeBearer } from './judge-bearer.ts'
import type { CreatedKey, KeepKeys, KeyPage } from './manage-keys/keep-keys.ts'

/** As KeepKeys. Each needs the admin token or a key with the scope `admin`. */
export type ManageKeys = {
  create(caller: Caller, input: ApiKeyInput): Promise<CreatedKey | Refused>
  list(caller: Caller, cursor: string | null, pageSize: number): Promise<KeyPage | Refused>
  revoke(caller: Caller, prefix: string): Promise<ApiKey | Refused>
}

export function createManageKeys(parts: {
  readonly judgeBearer: Pick<JudgeBearer, 'judge'>
  readonly keepKeys: KeepKeys
}): ManageKeys {
  const { judgeBearer, keepKeys } = parts
  const judge = ({ bearer }: Caller) => judgeFor(judgeBearer, bearer, (holder) => authorizeScope(holder, 'admin'))

  return {
    async create(caller, input) {
      const holder = await judge(caller)
      return isRefused(holder) ? holder : keepKeys.create(input, originOf(holder, caller))
    },
    async list(caller, cursor, pageSize) {
      const holder = await judge(caller)
      return isRefused(holder) ? holder : keepKeys.list(cursor, pageSize)
    },
    async revoke(caller, prefix) {
      const holder = await judge(caller)
      return isRefused(holder) ? holder : keepKeys.revoke(prefix, originOf(holder, caller))
    },
  }
}
