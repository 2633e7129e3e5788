import type { Timestamp__Output } from './gen/google/protobuf/Timestamp.ts'

/** Milliseconds since 1970 as a google.protobuf.Timestamp. */
export function toTimestamp(ms: number): Timestamp__Output {
  const seconds = Math.floor(ms / 1000)
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1_000_000) }
}

export function timestampOrNull(ms: number | null): Timestamp__Output | null {
  return ms === null ? null : toTimestamp(ms)
}

/** To the millisecond; what is finer is cut off. */
export function toMs({ seconds, nanos }: Timestamp__Output): number {
  return seconds * 1000 + Math.floor(nanos / 1_000_000)
}
