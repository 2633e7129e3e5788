const words = new Set(['and', 'by', 'offset', 'on', 'or', 'unless', 'without'])

/** The metrics that an expression names: no functions, words of the language, labels or times. */
export const metricsIn = (expr: string): readonly string[] => {
  const bare = expr.replace(/\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|without) *\([^)]*\)|\boffset \w+/g, ' ')
  const found = [...bare.matchAll(/\b[a-z_][\w:]*\b(?! *\()/gi)].map(([name]) => name)
  return found.filter((name) => !words.has(name))
}

/** The names under which a process exposes what it measures, with those that a histogram has beside its own. */
export const namesIn = (page: string): readonly string[] =>
  [...page.matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name = '', type = '']) =>
    type === 'histogram' ? [name, `${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
  )
