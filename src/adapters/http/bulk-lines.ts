import { isUtf8 } from 'node:buffer'
import { type Refused, refuse } from '../../domain/refusal.ts'

/** A line as a text, or why it is none. */
export type Line = string | Refused

/** Cuts a body into its lines. Blank ones are passed over. */
export type CutLines = {
  /** The lines that end in this piece of the body. */
  push(piece: Buffer): readonly Line[]
  /** What stands behind the last line's end, where the body ends. */
  end(): readonly Line[]
}

const newline = 0x0a
const space = 0x20
/** The most bytes that a UTF-16 unit, by which texts are measured, takes in UTF-8. */
const bytesPerUnitMax = 3
const nothing = Buffer.alloc(0)

/**
 * Cuts whole pieces, not line by line: a piece is decoded once, and its lines are looked for in the text. What stands behind the last
 * end of a line is copied and waits for the next piece; more than a line may have is not kept.
 */
export function createCutLines(lineBytesMax: number): CutLines {
  const tooLarge = refuse('too_large', `A line may have at most ${lineBytesMax} bytes.`)
  let begun = nothing
  /** The line that has begun is too long already: the rest of it is passed over. */
  let isTooLong = false

  function begin(bytes: Buffer): void {
    if (isTooLong) return
    isTooLong = begun.length + bytes.length > lineBytesMax
    begun = isTooLong ? nothing : Buffer.concat([begun, bytes])
  }

  function cutText(text: string, into: Line[]): void {
    for (let at = 0; at <= text.length;) {
      const next = text.indexOf('\n', at)
      const end = next === -1 ? text.length : next
      const line = text.slice(at, end)
      if (isLonger(line, lineBytesMax)) into.push(tooLarge)
      else if (!isBlank(line)) into.push(line)
      at = end + 1
    }
  }

  function cut(bytes: Buffer): readonly Line[] {
    const lines: Line[] = []
    if (isUtf8(bytes)) {
      cutText(bytes.toString(), lines)
      return lines
    }
    // One of them is broken, and only that one is refused.
    for (let at = 0; at < bytes.length;) {
      const next = bytes.indexOf(newline, at)
      const end = next === -1 ? bytes.length : next
      const line = bytes.subarray(at, end)
      if (isUtf8(line)) cutText(line.toString(), lines)
      else lines.push(line.length > lineBytesMax ? tooLarge : notUtf8)
      at = end + 1
    }
    return lines
  }

  return {
    push(piece) {
      const last = piece.lastIndexOf(newline)
      if (last === -1) {
        begin(piece)
        return []
      }
      const first = isTooLong ? piece.indexOf(newline) + 1 : 0
      const whole = piece.subarray(first, Math.max(first, last))
      const lines = cut(begun.length === 0 ? whole : Buffer.concat([begun, whole]))
      const before = isTooLong ? [tooLarge] : []
      begun = nothing
      isTooLong = false
      begin(piece.subarray(last + 1))
      return before.length === 0 ? lines : [...before, ...lines]
    },
    end() {
      const lines = isTooLong ? [tooLarge] : cut(begun)
      begun = nothing
      isTooLong = false
      return lines
    },
  }
}

const notUtf8 = refuse('invalid_json', 'The line cannot be read as JSON in UTF-8.')

function isLonger(line: string, bytesMax: number): boolean {
  if (line.length * bytesPerUnitMax <= bytesMax) return false
  return line.length > bytesMax || Buffer.byteLength(line) > bytesMax
}

/** Of what JSON takes for space alone; the carriage return of `\r\n` is some too. */
function isBlank(line: string): boolean {
  return line.length === 0 || (line.charCodeAt(0) <= space && /^[ \t\r]*$/.test(line))
}
