/** Where one browser needs a dozen, a server writes for the regions of all its readers, and anybody may make some up. */
export const keptFormatsMax = 200

/** Formats are slow to make, so each is made once; beyond so many the oldest are made anew. */
export function keepFormats<Options extends object, Format>(
  make: (locale: string, options: Options) => Format,
): (locale: string, options: Options) => Format {
  const kept = new Map<string, Format>()
  return (locale, options) => {
    const key = `${locale} ${JSON.stringify(options)}`
    const known = kept.get(key)
    if (known !== undefined) return known
    const made = make(locale, options)
    kept.set(key, made)
    const [oldest] = kept.keys()
    if (kept.size > keptFormatsMax && oldest !== undefined) kept.delete(oldest)
    return made
  }
}
