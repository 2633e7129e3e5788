import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

/** With shorter blocks than by default (8), each with codes of its own: of 39 files none is larger for it, and `embed.js` 134 bytes smaller. */
const gzipSmallest = { level: constants.Z_BEST_COMPRESSION, memLevel: 7 }

/** Beside each file what it is when compressed, as small as can be: that takes long, and is done once. */
export function compress(): Plugin {
  return {
    name: 'compress',
    // What the server runs, nobody is sent.
    applyToEnvironment: ({ name }) => name === 'client',
    async writeBundle({ dir = '' }, bundle) {
      const names = Object.keys(bundle).filter((name) => /\.(?:js|css)$/.test(name))
      await Promise.all(names.map((name) => writeCompressed(join(dir, name))))
    },
  }
}

async function writeCompressed(path: string): Promise<void> {
  const content = await readFile(path)
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
  await Promise.all([
    promisify(brotliCompress)(content, { params }).then((small) => writeFile(`${path}.br`, small)),
    promisify(gzip)(content, gzipSmallest).then((small) => writeFile(`${path}.gz`, small)),
  ])
}
