import { parseSync, Visitor } from 'oxc-parser'

type FunctionNode = { readonly start: number; readonly end: number }
type Measured = { readonly start: number; readonly lines: number; inner: number }

/** The longest function of a file: its own lines, and the line of the file on which it begins. */
export type LongestFunction = { readonly beginsAt: number; readonly ownLines: number }

/**
 * Lines of the longest function, without those of the functions inside it: a factory is as long as what it does itself, not
 * as everything that it makes. (The lint rule of that name counts them in, and so forbids every factory of some use.)
 */
export function measureLongestFunction(path: string, source: string): LongestFunction {
  const open: Measured[] = []
  let longest: LongestFunction = { beginsAt: 1, ownLines: 0 }
  const lineAt = (offset: number): number => source.slice(0, offset).split('\n').length
  const enter = (node: FunctionNode): void => {
    const start = lineAt(node.start)
    open.push({ start, lines: lineAt(node.end) - start + 1, inner: 0 })
  }
  const leave = (): void => {
    const done = open.pop()
    if (done === undefined) return
    const ownLines = done.lines - done.inner
    if (ownLines > longest.ownLines) longest = { beginsAt: done.start, ownLines }
    // A function of one line shares it with the function around it.
    const outer = open.at(-1)
    if (outer !== undefined && done.lines > 1) outer.inner += done.lines
  }
  new Visitor({
    FunctionDeclaration: enter,
    FunctionExpression: enter,
    ArrowFunctionExpression: enter,
    'FunctionDeclaration:exit': leave,
    'FunctionExpression:exit': leave,
    'ArrowFunctionExpression:exit': leave,
  }).visit(parseSync(path, source).program)
  return longest
}
