import type { Fault } from '../support/fault-case.ts'
import { blockApi, killApiAfterAppend, killApis } from '../support/faults/api-faults.ts'
import { flood, hangOn, sendNonsense } from '../support/faults/hostile-faults.ts'
import { migrateAgain } from '../support/faults/migration-faults.ts'
import { silence, slowNetwork } from '../support/faults/network-faults.ts'
import * as postgres from '../support/faults/postgres-faults.ts'
import * as redis from '../support/faults/redis-faults.ts'
import { idleRemovals, removals } from '../support/faults/redis-losses.ts'
import { weakenRedis } from '../support/faults/redis-settings.ts'
import { cutRecordedTail } from '../support/faults/redis-shorter-log.ts'
import { killAdmin, restartAdmin, restartApis, restartWorkers } from '../support/faults/restart-faults.ts'
import { answerNoPing } from '../support/faults/viewer-faults.ts'
import {
  blockWorker,
  freezeWorker,
  killWorkerAt,
  killWorkerBeforeCommit,
  stealLeases,
} from '../support/faults/worker-faults.ts'
import type { Hook } from '../support/hooks.ts'

/** VIEWER_PING_MS as it is by default. */
const pingEveryMs = 15_000

/** Every fault that leaves the system as it was, so that any other one may follow. */
export const allFaults = (hook: Hook): readonly Fault[] => [
  killWorkerBeforeCommit,
  killWorkerAt(hook, 'after_commit', 'a worker that is killed after its commit is replaced'),
  killWorkerAt(hook, 'after_publish', 'a worker that is killed after it published its news is replaced'),
  freezeWorker(hook),
  stealLeases,
  blockWorker(hook, 3_000, 'a worker whose event loop stands still for seconds goes on, or is replaced'),
  killApis,
  killApiAfterAppend(hook),
  blockApi(hook, 2_500),
  silence('api', 'redis'),
  silence('worker', 'redis'),
  silence('worker', 'postgres'),
  slowNetwork,
  restartApis,
  restartWorkers,
  restartAdmin,
  killAdmin(hook),
  migrateAgain,
  redis.restartRedis('SIGTERM', 'a Redis that is restarted has every accepted vote'),
  redis.restartRedis('SIGKILL', 'a Redis that is killed and started again has every accepted vote'),
  redis.fillRedis,
  redis.makeReadOnly,
  redis.breakDisk,
  redis.loadSlowly,
  weakenRedis,
  redis.killSubscriptions,
  redis.dropNews,
  ...removals,
  ...idleRemovals,
  cutRecordedTail,
  postgres.restartPostgres,
  postgres.killPostgres,
  postgres.endTransactions,
  postgres.loseAnswersToCommits,
  postgres.lockTables,
  postgres.makeReadOnly,
  postgres.fillDisk,
  answerNoPing(pingEveryMs),
  sendNonsense,
  flood,
  hangOn,
]
