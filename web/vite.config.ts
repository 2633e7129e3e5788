import { join } from 'node:path'
import { defineConfig } from 'vite'
import { compress } from './compress.ts'
import { nameOfTexts, pageTexts } from './page-texts.ts'

const entry = (page: string): string => join(import.meta.dirname, page, 'main.tsx')

/**
 * The scripts and styles of the pages, and what draws the vote page on the server. Their names hold a hash of what is in them, so browsers may keep them for good; the manifest says to
 * the api which file an entry has become.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: '/assets/',
  logLevel: 'warn',
  plugins: [pageTexts(), compress()],
  build: {
    outDir: join(import.meta.dirname, 'dist'),
    emptyOutDir: true,
    assetsDir: '.',
    target: 'es2022',
    modulePreload: { polyfill: false },
    // Nothing may stand in the page itself: its policy takes scripts and styles from files alone.
    assetsInlineLimit: 0,
  },
  environments: {
    client: {
      build: {
        manifest: 'manifest.json',
        rolldownOptions: {
          input: {
            create: entry('create'),
            frame: entry('frame'),
            manage: entry('manage'),
            present: entry('present'),
            vote: entry('vote'),
          },
          output: {
            chunkFileNames: ({ facadeModuleId }) => `${nameOfTexts(facadeModuleId) ?? '[name]'}-[hash].js`,
          },
        },
      },
    },
    // One file for the api, which has none of the packages that are in it.
    ssr: {
      resolve: { noExternal: true },
      build: {
        outDir: join(import.meta.dirname, 'dist/server'),
        rolldownOptions: { input: { vote: join(import.meta.dirname, 'vote/server.tsx') } },
      },
    },
  },
  builder: {
    // The first one empties the folder in which the second one has its own.
    async buildApp(builder) {
      const { client, ssr } = builder.environments
      for (const environment of [client, ssr]) if (environment !== undefined) await builder.build(environment)
    },
  },
})
