/** What is written to: a terminal, or a file or another program that reads. */
export type Output = {
  readonly write: (text: string) => unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  readonly hasColors?: () => boolean
}

export type Space = {
  /** What was written can be written over. */
  readonly isLive: boolean
  readonly isColoured: boolean
  readonly columns: number
  readonly rows: number
}

type Environment = Readonly<Record<string, string | undefined>>

/** What there is to write on, as it is now: a window may change its size. No colours outside a terminal, nor where NO_COLOR forbids them. */
export function spaceOf(output: Output, environment: Environment = process.env): Space {
  const isTerminal = output.isTTY === true
  return {
    isLive: isTerminal && environment['TERM'] !== 'dumb',
    isColoured: isTerminal && output.hasColors?.() === true,
    // Neither is known of a window that has no size, as some programs' have.
    columns: output.columns || 80,
    rows: output.rows || 24,
  }
}
