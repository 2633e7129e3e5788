import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HttpApp } from '../operation.ts'

const names = ['page.css', 'buttons.css'] as const

type AssetName = (typeof names)[number]

/** What all pages look like comes before whatever is made of it. */
const tokens = readFileSync(join(import.meta.dirname, '../../../../web/tokens.css'))

const files = names.map((name) => {
  const own = readFileSync(join(import.meta.dirname, name))
  return { name, content: name === 'page.css' ? Buffer.concat([tokens, own]) : own }
})

/** All files of a version lie below a path that is theirs alone, so browsers may keep them for good. */
const version = files
  .reduce((hash, { name, content }) => hash.update(name).update(content), createHash('sha256'))
  .digest('base64url')
  .slice(0, 12)

export function assetUrl(name: AssetName): string {
  return `/assets/${version}/${name}`
}

/** What all pages look like, also those that are not built. While two versions are deployed side by side, each serves what it has: a file that only one of them has is missing from the other. */
export function assetRoutes(app: HttpApp): void {
  for (const { name, content } of files) {
    app.get<{ Params: { version: string } }>(
      `/assets/:version/${name}`,
      { schema: { hide: true } },
      async (request, reply) => {
        const isThisVersion = request.params.version === version
        return reply
          .type('text/css; charset=utf-8')
          .header('cache-control', isThisVersion ? 'public, max-age=31536000, immutable' : 'no-store')
          .send(content)
      },
    )
  }
}
