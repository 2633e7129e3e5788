import { readFileSync } from 'node:fs'

// Our own package.json, which has a version.
export const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string
}
