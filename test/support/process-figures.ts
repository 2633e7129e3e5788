/** What a process of ours says of itself. */
export type ProcessFigures = {
  /** Connections to it and from it. */
  readonly connections: number
  readonly residentMiB: number
}

/** Reads the metrics of the process whose operators' side answers here. */
export async function readFigures(opsUrl: string): Promise<ProcessFigures> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  const value = (name: RegExp): number => Number(name.exec(text)?.[1] ?? Number.NaN)
  const figures = {
    connections: value(/^nodejs_active_resources\{[^}]*type="TCPSocketWrap"[^}]*\} (\d+)/m),
    residentMiB: value(/^process_resident_memory_bytes(?:\{[^}]*\})? (\d+)/m) / 2 ** 20,
  }
  if (Object.values(figures).some(Number.isNaN)) throw new Error(`these metrics tell too little:\n${text}`)
  return figures
}
