import { defineConfig } from 'vitest/config'

/** Real servers are slower than rules; a crash and its recovery are slower than a call. */
const limitsMs = { domain: 20_000, adapters: 30_000, journeys: 120_000 }

/**
 * What was late, or slower than its bound, is tried once more and shown as such: the machine may have been somebody else's for a moment.
 * What was wrong never is, least of all a lost vote.
 */
const retry = {
  count: 1,
  condition: /^(?!lost votes)[^]*(?:not within \d+ ms|timed out in \d+ms|to be (?:less|greater) than)/,
}

/** Journeys in which nothing is hurried: no load, and where a time is measured, a bound that a neighbour does not bring near. */
const calm =
  'test/journeys/{alerts,alerts-postgres,api-keys,behind-nginx,demo,durability,embedded,full,grpc-tls,hidden-twins,logged-secrets,pages,partitions,security,security-browser,start,stock-client}.test.ts'

const withServers = { globalSetup: ['test/support/global-setup.ts'], pool: 'forks' as const, retry }

const wholeSystems = {
  testTimeout: limitsMs.journeys,
  hookTimeout: limitsMs.journeys,
  // Titles that a case brings along are facts too, and are shown whole.
  taskTitleValueFormatTruncate: 0,
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'domain',
          include: ['test/domain/**/*.test.ts', 'test/architecture.test.ts'],
          testTimeout: limitsMs.domain,
        },
      },
      {
        test: {
          ...withServers,
          name: 'adapters',
          // Three files at a time, ahead of the journeys: these wait more than they work.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          include: ['test/adapters/**/*.test.ts'],
          testTimeout: limitsMs.adapters,
          hookTimeout: limitsMs.adapters,
        },
      },
      {
        test: {
          ...withServers,
          ...wholeSystems,
          name: 'calm-journeys',
          // They wait for most of their time.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          include: [calm],
        },
      },
      {
        test: {
          ...withServers,
          ...wholeSystems,
          name: 'journeys',
          // Each file loads whole systems and measures times: they would disturb each other.
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          include: ['test/journeys/**/*.test.ts'],
          exclude: [calm],
        },
      },
    ],
  },
})
