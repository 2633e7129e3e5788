import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { createLog } from '../../src/runtime/log.ts'
import { migrate } from '../../src/runtime/migrations.ts'
import { type BrowserProgram, provideBrowser } from './browser-program.ts'
import { offerSharedCluster } from './shared-cluster.ts'
import { provideTestServers } from './test-servers.ts'

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- only an interface can be merged with vitest's own
  export interface ProvidedContext {
    /** A PostgreSQL whose user may create databases. */
    postgresUrl: string
    /** The migrated database that each test file's own is cloned from. */
    templateDatabase: string
    redisUrl: string
    /** Where the URL of a Redis Cluster is to be had. */
    clusterAskUrl: string
    browser: BrowserProgram
  }
}

const log = createLog({ name: 'test', level: 'warn' })

/** What is to be undone, the latest last. */
const undo: (() => Promise<unknown>)[] = []

/** One PostgreSQL and one Redis for the whole run. */
export const setup = async (project: TestProject): Promise<void> => {
  const { postgresUrl, redisUrl, stop } = await provideTestServers()
  undo.push(stop)
  const template = await createTemplate(postgresUrl)
  undo.push(async () => onServer(postgresUrl, `drop database if exists ${template} with (force)`))

  project.provide('postgresUrl', postgresUrl)
  project.provide('templateDatabase', template)
  project.provide('redisUrl', redisUrl)
  const cluster = await offerSharedCluster()
  undo.push(cluster.stop)
  project.provide('clusterAskUrl', cluster.askUrl)
  project.provide('browser', await provideBrowser())
}

export const teardown = async (): Promise<void> => {
  for (const step of undo.splice(0).toReversed()) await step()
}

/** Migrating takes longer than cloning, so it is done once. Nobody stays connected: a template in use cannot be cloned. */
const createTemplate = async (postgresUrl: string): Promise<string> => {
  const template = `template_${randomBytes(8).toString('hex')}`
  await onServer(postgresUrl, `create database ${template}`)
  const url = new URL(postgresUrl)
  url.pathname = `/${template}`
  await migrate(url.href, { log })
  return template
}

const onServer = async (postgresUrl: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
