import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const outDir = join(import.meta.dirname, 'dist')
const entry = (page: string): string => join(import.meta.dirname, page, 'main.tsx')

/**
 * The scripts and styles of the pages, and what draws the vote page on the server. Their names hold a hash of what is in them, so browsers may keep them for good; the manifest says to
 * the api which file an entry has become.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: '/assets/',
  logLevel: 'warn',
  plugins: [compress()],
  build: {
    outDir,
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
            manage: entry('manage'),
            present: entry('present'),
            vote: entry('vote'),
          },
        },
      },
    },
    // One file for the api, which has none of the packages that are in it.
    ssr: {
      resolve: { noExternal: true },
      build: {
        outDir: join(outDir, 'server'),
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

/** Beside each file what it is when compressed, as small as can be: that takes long, and is done once. */
function compress(): Plugin {
  return {
    name: 'compress',
    // What the server runs, nobody is sent.
    applyToEnvironment: ({ name }) => name === 'client',
    async writeBundle(_options, bundle) {
      const names = Object.keys(bundle).filter((name) => /\.(?:js|css)$/.test(name))
      await Promise.all(names.map((name) => writeCompressed(join(outDir, name))))
    },
  }
}

async function writeCompressed(path: string): Promise<void> {
  const content = await readFile(path)
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
  await Promise.all([
    promisify(brotliCompress)(content, { params }).then((small) => writeFile(`${path}.br`, small)),
    promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }).then((small) => writeFile(`${path}.gz`, small)),
  ])
}
