import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Messages } from '../../web/i18n/messages.ts'

const folder = join(import.meta.dirname, '../../web/messages')

/** The texts of every language that there is, by its tag. */
export function readLanguages(): ReadonlyMap<string, Messages> {
  return new Map(
    readdirSync(folder).map((name) => [
      basename(name, '.json'),
      // test/domain/messages.test.ts holds that each has this form.
      JSON.parse(readFileSync(join(folder, name), 'utf8')) as Messages,
    ]),
  )
}
