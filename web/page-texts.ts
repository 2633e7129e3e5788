import type { Plugin } from 'vite'

/**
 * The sections of a language's file that a page says: it fetches these alone, as `import.meta.glob('../messages/*.json', { query: '?page=vote' })`.
 * test/domain/page-texts.test.ts holds them against what the components of the page say.
 */
export const sectionsOfPages = {
  create: ['common', 'create', 'faults', 'vote'],
  frame: ['common', 'embed'],
  manage: ['common', 'create', 'faults', 'manage', 'present'],
  present: ['common', 'faults', 'message', 'present'],
  vote: ['common', 'faults', 'message', 'vote'],
} as const

const cutOut = /\/messages\/([\w-]+)\.json\?page=(\w+)$/

/** Cuts the texts of a page out of the file of a language. */
export function pageTexts(): Plugin {
  return {
    name: 'page-texts',
    transform: {
      filter: { id: cutOut },
      handler(json, id) {
        const sections = sectionsOf(cutOut.exec(id)?.[2] ?? '')
        const texts: Readonly<Record<string, unknown>> = JSON.parse(json)
        const own = Object.fromEntries(sections.map((section) => [section, texts[section]]))
        return { code: `export default ${JSON.stringify(own)}`, moduleType: 'js' }
      },
    },
  }
}

function sectionsOf(page: string): readonly string[] {
  const found = Object.entries(sectionsOfPages).find(([name]) => name === page)
  if (found === undefined) throw new Error(`no page is named ${page}`)
  return found[1]
}

/** `vote.es`: the files of two pages are not taken for each other, also not by a server of another version. */
export function nameOfTexts(moduleId: string | null): string | null {
  const [, tag, page] = cutOut.exec(moduleId ?? '') ?? []
  return tag === undefined ? null : `${page}.${tag}`
}
