const share = 1 / 8
/** What PostgreSQL has by itself. */
const megabytesMin = 128
/** The index of a poll with ten million votes fits in it. */
const megabytesMax = 1_024

/**
 * How much of this machine's memory PostgreSQL may keep pages in, in megabytes. It takes what it has use for and no more: a small installation
 * never fills it. `constrained` is the limit of the container in bytes, where there is one; undefined or 0: none.
 */
export const pageCacheMegabytes = (total: number, constrained: number | undefined): number => {
  const memory = constrained === undefined || constrained === 0 ? total : Math.min(total, constrained)
  return Math.min(megabytesMax, Math.max(megabytesMin, Math.floor((memory * share) / 2 ** 20)))
}
