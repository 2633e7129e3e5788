/** What a process does: everything on embedded parts, everything as three processes, one part of it, or a look from beside. */
export type Role =
  | 'all'
  | 'full'
  | 'api'
  | 'worker'
  | 'admin'
  | 'migrate'
  | 'recount'
  | 'keys'
  | 'trace'
  | 'verify'
  | 'prune'

/** A value read from text, or what is wrong with the text, to be put behind the variable's name. */
export type Read<Value> = { readonly value: Value } | { readonly problem: string }

/** One variable of the environment: how its text is read, and what holds when it is not given. */
export type Setting<Value> = {
  readonly read: (given: string) => Read<Value>
  readonly fallback: Value | ((role: Role) => Value)
}

type IntegerOptions = {
  readonly least: number
  readonly most: number
  readonly fallback: number | ((role: Role) => number)
  readonly unit?: string
}

export const integer = ({ least, most, fallback, unit = '' }: IntegerOptions): Setting<number> => ({
  fallback,
  read: (given) => {
    const value = Number(given)
    if (/^\d+$/.test(given) && value >= least && value <= most) return { value }
    const form = `a whole number${unit === '' ? '' : ` of ${unit}`} from ${least} to ${most}`
    return { problem: `must be ${form}, not ${quote(given)}` }
  },
})

/** Of a whole: 0 is nothing, 1 is all. */
export const share = (fallback: number): Setting<number> => ({
  fallback,
  read: (given) =>
    /^(?:0(?:\.\d{1,12})?|1(?:\.0{1,12})?)$/.test(given)
      ? { value: Number(given) }
      : { problem: `must be a number from 0 to 1, as 0.01, not ${quote(given)}` },
})

export const choice = <const Value extends string>(
  values: readonly Value[],
  fallback: NoInfer<Value> | ((role: Role) => NoInfer<Value>),
): Setting<Value> => ({
  fallback,
  read: (given) => {
    const value = values.find((candidate) => candidate === given)
    return value === undefined ? { problem: `must be one of ${values.join(', ')}, not ${quote(given)}` } : { value }
  },
})

export const flag = (fallback: boolean): Setting<boolean> => ({
  fallback,
  read: (given) =>
    given === 'on' || given === 'off'
      ? { value: given === 'on' }
      : { problem: `must be on or off, not ${quote(given)}` },
})

type TextOptions = {
  readonly pattern: RegExp
  /** The pattern in words. */
  readonly form: string
  readonly fallback?: string
}

/** The text itself is not repeated in a problem: it may be a secret. */
export const text = ({ pattern, form, fallback = '' }: TextOptions): Setting<string> => ({
  fallback,
  read: (given) => (pattern.test(given) ? { value: given } : { problem: `must be ${form}` }),
})

export const hostName = (fallback: string): Setting<string> =>
  text({ fallback, pattern: /^[\w.:-]+$/, form: 'an address or a host name, without a port' })

export const hostAndPort = (fallback: string): Setting<string> =>
  text({ fallback, pattern: /^([\w.-]+|\[[\da-fA-F:.]+\]):\d{1,5}$/, form: 'host:port' })

/** A URL may carry a password, so a problem does not repeat it. A base is kept without the slash at its end. */
export const url = (
  protocols: readonly string[],
  { isBase = false }: { readonly isBase?: boolean } = {},
): Setting<string> => ({
  fallback: '',
  read: (given) => {
    const parsed = URL.parse(given)
    if (parsed === null || parsed.hostname === '' || !protocols.includes(parsed.protocol)) {
      return { problem: `must be a URL that begins with ${protocols.map((name) => `${name}//`).join(' or ')}` }
    }
    if (!isBase) return { value: given }
    if (parsed.search !== '' || parsed.hash !== '') return { problem: 'must be a URL without ? and #' }
    return { value: given.replace(/\/+$/, '') }
  },
})

export const list = ({
  itemCharactersMin,
  itemsMax,
}: {
  readonly itemCharactersMin: number
  readonly itemsMax: number
}): Setting<readonly string[]> => ({
  fallback: [],
  read: (given) => {
    const value = given.split(',').map((item) => item.trim())
    if (value.length > itemsMax) return { problem: `must be at most ${itemsMax} items with commas between` }
    if (value.some((item) => item.length < itemCharactersMin)) {
      return { problem: `must be items of ${itemCharactersMin} or more characters with commas between` }
    }
    return new Set(value).size === value.length ? { value } : { problem: 'must not name an item twice' }
  },
})

/** Null when not given. */
export const optional = <Value>({ read }: Setting<Value>): Setting<Value | null> => ({ read, fallback: null })

const quote = (given: string): string => JSON.stringify(given.length > 40 ? `${given.slice(0, 40)}…` : given)
