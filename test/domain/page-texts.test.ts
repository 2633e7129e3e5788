import { join } from 'node:path'
import { expect, test } from 'vitest'
import english from '../../web/messages/en.json' with { type: 'json' }
import { sectionsOfPages } from '../../web/page-texts.ts'
import { readImports, readSources, resolveImport } from '../support/source-imports.ts'

const sources = readSources(join(import.meta.dirname, '../..'), ['web', 'client/src', 'contract'])

/** The file and all that runs with it. */
function filesOf(path: string, known = new Set<string>()): ReadonlySet<string> {
  if (known.has(path) || !/\.tsx?$/.test(path)) return known
  known.add(path)
  for (const { specifier, isTypeOnly } of readImports(path, sources.get(path) ?? '')) {
    const target = isTypeOnly ? null : resolveImport(sources, path, specifier)
    if (target?.kind === 'file') filesOf(target.path, known)
  }
  return known
}

/** The sections of the texts that stand in these files by their keys. */
function sectionsIn(paths: ReadonlySet<string>): readonly string[] {
  // An example in a comment is not said.
  const code = [...paths].map((path) => (sources.get(path) ?? '').replaceAll(/^\s*\/\*\*[^]*?\*\//gm, ''))
  const written = code.flatMap((source) => [...source.matchAll(/['"`]([a-z]+)\.(?:\w+['"]|\w*\$\{)/g)])
  const sections = new Set(written.map(([, section = '']) => section))
  return Object.keys(english).filter((section) => sections.has(section))
}

test.each(Object.entries(sectionsOfPages))(
  'the page %s fetches the texts that it says, and no others',
  (page, sections) => {
    const files = filesOf(`web/${page}/main.tsx`)
    expect(sources.get(`web/${page}/main.tsx`)).toContain(`query: '?page=${page}'`)
    // What stands around each page, the server has drawn: the script says it in another language.
    expect([...new Set(['common', ...sectionsIn(files)])].toSorted()).toEqual(sections)
  },
)

test('a text that only a component far below says would be missed', () => {
  expect(filesOf('web/vote/main.tsx')).toContain('web/i18n/tell-fault.ts')
  expect(sectionsIn(new Set(['web/i18n/tell-fault.ts']))).toEqual(['faults'])
  expect(sectionsIn(new Set(['web/vote/dock.tsx']))).toEqual(['vote'])
})
