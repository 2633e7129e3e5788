const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** What takes two cells of a terminal: the scripts of East Asia, their full-width forms and punctuation, and pictures. */
const wide =
  /^(?:\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Emoji_Presentation}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6])/u

/** How many cells of a terminal a text takes. */
export function widthOf(text: string): number {
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += wide.test(segment) ? 2 : 1
  return width
}

/** The text in exactly so many cells: filled up, or cut and ended by "…". */
export function fitText(text: string, width: number): string {
  const own = widthOf(text)
  if (own <= width) return text + ' '.repeat(width - own)
  let cut = ''
  for (const { segment } of graphemes.segment(text)) {
    if (widthOf(cut + segment) >= width) break
    cut += segment
  }
  return `${cut}…${' '.repeat(width - widthOf(cut) - 1)}`
}
