/** What a spreadsheet takes for the beginning of a formula, the wide forms included (OWASP, CSV Injection). */
const beginsFormula = /^[=+\-@\t\r\n＝＋－＠]/

/**
 * One line of CSV as RFC 4180 writes it. Texts always stand in quotes. One that a spreadsheet would run as a formula gets an apostrophe
 * in front, which makes it a text there: whoever wrote an option must not calculate on the machine of whoever opens the file. Null is an
 * empty cell.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(writeCell).join(',')}\r\n`
}

function writeCell(cell: string | number | null): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const harmless = beginsFormula.test(cell) ? `'${cell}` : cell
  return `"${harmless.replaceAll('"', '""')}"`
}
