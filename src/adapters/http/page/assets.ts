import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HttpApp } from '../operation.ts'

const types = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' } as const
const names = {
  'page.css': 'css',
  'poll.css': 'css',
  'manage.css': 'css',
  'page.js': 'js',
  'code.js': 'js',
  'live.js': 'js',
  'vote.js': 'js',
  'manage.js': 'js',
} as const satisfies Record<string, keyof typeof types>

export type AssetName = keyof typeof names

const files = Object.entries(names).map(([name, type]) => ({
  name,
  type: types[type],
  content: readFileSync(join(import.meta.dirname, name)),
}))

/** All files of a version lie below a path that is theirs alone, so browsers may keep them for good. */
const version = files
  .reduce((hash, { name, content }) => hash.update(name).update(content), createHash('sha256'))
  .digest('base64url')
  .slice(0, 12)

export function assetUrl(name: AssetName): string {
  return `/assets/${version}/${name}`
}

/** The style and the scripts of the pages. While two versions are deployed side by side, each serves what it has. */
export function assetRoutes(app: HttpApp): void {
  for (const { name, type, content } of files) {
    app.get<{ Params: { version: string } }>(
      `/assets/:version/${name}`,
      { schema: { hide: true } },
      async (request, reply) => {
        const isThisVersion = request.params.version === version
        return reply
          .type(type)
          .header('cache-control', isThisVersion ? 'public, max-age=31536000, immutable' : 'no-store')
          .send(content)
      },
    )
  }
}
