/** Where a value stands on an axis, and which values are written beside it. */
export type Scale = { readonly at: (value: number) => number; readonly ticks: readonly number[] }

const steps = [1, 2, 2.5, 5, 10]

/** From 0 to a round number at or above `most`. */
export function linearScale(most: number, from: number, to: number, ticksAbout = 5): Scale {
  const rough = (most || 1) / ticksAbout
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * (steps.find((one) => one * power >= rough) ?? 10)
  const count = Math.max(1, Math.ceil(most / step - 1e-9))
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step)
  return { at: (value) => from + (value / (count * step)) * (to - from), ticks }
}

/** Each step as wide as the next tenfold one; from a power of ten to another. */
export function logScale(least: number, most: number, from: number, to: number): Scale {
  const first = Math.floor(Math.log10(least) + 1e-9)
  const last = Math.max(first + 1, Math.ceil(Math.log10(most) - 1e-9))
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index))
  return { at: (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from), ticks }
}
