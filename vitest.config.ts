import { defineConfig } from 'vitest/config'

/** Real servers are slower than rules; a crash and its recovery are slower than a call. */
const limitsMs = { domain: 20_000, adapters: 30_000, journeys: 120_000 }

const withServers = { globalSetup: ['test/support/global-setup.ts'], pool: 'forks' as const }

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
          include: ['test/adapters/**/*.test.ts'],
          testTimeout: limitsMs.adapters,
          hookTimeout: limitsMs.adapters,
        },
      },
      {
        test: {
          ...withServers,
          name: 'journeys',
          include: ['test/journeys/**/*.test.ts'],
          testTimeout: limitsMs.journeys,
          hookTimeout: limitsMs.journeys,
          // Titles that a case brings along are facts too, and are shown whole.
          taskTitleValueFormatTruncate: 0,
          // Each file starts whole systems and measures times: they would disturb each other.
          fileParallelism: false,
        },
      },
    ],
  },
})
