import { hashToken } from '../application/authorize.ts'
import { createJudgeBearer, type JudgeLimits } from '../application/judge-bearer.ts'
import { createNoteKeyUse } from '../application/note-key-use.ts'
import { sleep } from '../runtime/stop-signal.ts'
import type { RoleContext } from './role.ts'

/** Who says whom a bearer stands for, and remembers which keys are used. */
export function createBearers(
  { config: { adminToken }, adapters: { keys } }: Pick<RoleContext, 'config' | 'adapters'>,
  report: (fault: unknown) => void,
  limits: Partial<JudgeLimits> = {},
) {
  const noteKeyUse = createNoteKeyUse({ keys, sleep, report })
  const adminTokenHash = adminToken === null ? null : hashToken(adminToken)
  const judgeBearer = createJudgeBearer({ keys, adminTokenHash, onUsed: (prefix) => noteKeyUse.note(prefix), limits })
  return { judgeBearer, noteKeyUse }
}
