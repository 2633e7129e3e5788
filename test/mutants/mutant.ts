/** A text of the product that is replaced. It MUST stand in the file exactly once, so that no mutant can rot silently. */
export type Edit = { readonly file: string; readonly from: string; readonly to: string }

/** A test that must fail, by its file and its own title (without those of the blocks around it). */
export type NamedTest = { readonly file: string; readonly title: string }

/** One way to break the product on purpose, and the tests of which at least one must notice. */
export type Mutant = {
  readonly breaks: string
  readonly edits: readonly Edit[]
  readonly caughtBy: readonly NamedTest[]
}

/** The text with the edit done. Throws where what is to be replaced does not stand there exactly once. */
export function applyEdit(text: string, { file, from, to }: Edit): string {
  const found = text.split(from).length - 1
  if (found !== 1) throw new Error(`the text to replace stands ${found} times in ${file}:\n${from}`)
  // A function, or `$` in the new text would mean something.
  return text.replace(from, () => to)
}
