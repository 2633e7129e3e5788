import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { createLog } from '../../../src/runtime/log.ts'
import { migrate } from '../../../src/runtime/migrations.ts'
import { type Fault, moreAccepted } from '../fault-case.ts'
import { startServerProcess } from '../server-process.ts'
import type { System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'
import { watchRecording } from '../watch-recording.ts'

const votesMeanwhile = 1_200
/** Promise G5: nobody waits longer for the newest count, so recording must not stand still for so long. */
const pauseMaxMs = 2_000

/** What `npm run migrate` does, on a database that has everything already. */
export const migrateAgain: Fault = {
  fact: 'a migration that finds everything done disturbs nobody',
  async inject({ system, load }) {
    const { databaseUrl } = system.database
    const migration = startServerProcess({ name: 'migrate', program: 'migrate', env: { DATABASE_URL: databaseUrl } })
    try {
      expect(await migration.ended()).toEqual({ exitCode: 0, signal: null })
      expect(migration.output()).toContain('"applied":0')
    } finally {
      await migration.stop()
    }
    await moreAccepted(load, votesMeanwhile)
    return { 'migrations run': 1 }
  },
}

/** A migration that is there is not applied again: another attempt brings another. */
let expansions = 0

/** A newer release adds a column while somebody reads the table for long, and all processes of this one serve on. */
export const expandWhileTableIsInUse: Fault = {
  fact: 'a migration that has to wait for a table in use does not keep votes from being recorded, before nor after it',
  async inject({ system, load }) {
    const { pool, databaseUrl } = system.database
    const folder = mkdtempSync(join(tmpdir(), 'tallycast-expand-'))
    expansions += 1
    const migration = `${9_000 + expansions}-expand.sql`
    writeFileSync(join(folder, migration), `alter table vote add column note_${expansions} text`)
    const reader = await pool.connect()
    const recording = watchRecording(pool)
    try {
      await reader.query('begin')
      await reader.query('select from vote limit 1')
      const applying = migrate(databaseUrl, { folder, log: createLog({ name: 'test', level: 'silent' }) })
      let waits = 0
      for (; waits < 3; waits += 1) {
        await waitUntil(async () => isWaiting(system), { what: 'the migration waits for the table' })
        await waitUntil(async () => !(await isWaiting(system)), { what: 'the migration lets others at the table' })
      }
      await reader.query('rollback')
      expect(await applying).toEqual([migration])
      await moreAccepted(load, votesMeanwhile)
      const pauseMs = await recording.longestPauseMs()
      console.log(`  the longest pause of a partition's recording: ${Math.round(pauseMs)} ms`)
      expect(pauseMs).toBeLessThan(pauseMaxMs)
      return { 'times the migration waited': waits }
    } finally {
      await recording.longestPauseMs()
      reader.release(true)
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

const isWaiting = async ({ database }: System): Promise<boolean> => {
  const { rows } = await database.pool.query(
    `select from pg_stat_activity
     where application_name = 'tallycast migrate' and wait_event_type = 'Lock' and datname = current_database()`,
  )
  return rows.length > 0
}
