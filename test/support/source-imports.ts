import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

/** Our own files: the path from the root of the repository, and what stands in it. */
export type Sources = ReadonlyMap<string, string>

/** One mention of another module, in whatever syntax. */
export type SourceImport = {
  readonly specifier: string
  /** `import type`, `export type … from` and `import('…').Name` in a type: gone when the file runs. */
  readonly isTypeOnly: boolean
}

export type ImportTarget =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'builtin' }
  | { readonly kind: 'package' }
  | { readonly kind: 'nowhere' }

const codeEndings = ['.ts', '.tsx', '.js', '.mjs'] as const
const ignoredFolders = new Set(['node_modules', 'dist'])

/** All files below the named folders; a folder that does not exist has none. */
export function readSources(root: string, folders: readonly string[]): Sources {
  const sources = new Map<string, string>()
  for (const folder of folders) {
    for (const path of listFiles(root, folder)) sources.set(path, readFileSync(join(root, path), 'utf8'))
  }
  return sources
}

export function isCode(path: string): boolean {
  return codeEndings.some((ending) => path.endsWith(ending))
}

/** Everything that the file imports: parsed, so that a comment or a string with the word `import` is not taken for one. */
export function readImports(path: string, source: string): readonly SourceImport[] {
  const parsed = parseSync(path, source)
  if (parsed.errors.length > 0) throw new Error(`${path} cannot be parsed: ${parsed.errors[0]?.message}`)
  const imports: SourceImport[] = []
  const note = (specifier: string, isTypeOnly: boolean): void => void imports.push({ specifier, isTypeOnly })
  new Visitor({
    ImportDeclaration: (node) => note(node.source.value, node.importKind === 'type'),
    ExportNamedDeclaration: (node) => {
      if (node.source) note(node.source.value, node.exportKind === 'type')
    },
    ExportAllDeclaration: (node) => note(node.source.value, node.exportKind === 'type'),
    TSImportType: (node) => note(node.source.value, true),
    ImportExpression: (node) => {
      const { source: argument } = node
      const isText = argument.type === 'Literal' && typeof argument.value === 'string'
      // A computed path can be followed by nobody, so it resolves to nowhere and is refused.
      note(isText ? argument.value : source.slice(argument.start, argument.end), false)
    },
  }).visit(parsed.program)
  return imports
}

/** Where an import leads to, found on the paths themselves: `../x` and `./y/../../x` are the same file. */
export function resolveImport(sources: Sources, from: string, specifier: string): ImportTarget {
  if (isBuiltin(specifier)) return { kind: 'builtin' }
  if (specifier.startsWith('./') || specifier.startsWith('../')) {
    // What stands behind a question mark says to the build what to make of the file.
    const path = posix.join(posix.dirname(from), specifier.replace(/\?.*$/, ''))
    return sources.has(path) ? { kind: 'file', path } : { kind: 'nowhere' }
  }
  return /^(?:@[a-z0-9-]+\/)?[a-z0-9][a-z0-9._-]*(?:\/[\w.-]+)*$/.test(specifier)
    ? { kind: 'package' }
    : { kind: 'nowhere' }
}

function listFiles(root: string, folder: string): readonly string[] {
  let entries
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true })
  } catch (fault) {
    if (fault instanceof Error && 'code' in fault && fault.code === 'ENOENT') return []
    throw fault
  }
  return entries.flatMap((entry) => {
    const path = posix.join(folder, entry.name)
    if (entry.isDirectory()) return ignoredFolders.has(entry.name) ? [] : listFiles(root, path)
    return [path]
  })
}
