import { languageInUse } from './in-use.ts'
import { keepFormats } from './keep-formats.ts'

const numberFormatOf = keepFormats(
  (locale, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options),
)
const timeFormatOf = keepFormats(
  (locale, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options),
)

/** With exactly so many decimals. */
export function formatNumber(number: number, decimals = 0): string {
  return numberFormat({ minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(number)
}

/** A share, 0 to 1, in whole percent. */
export function formatPercent(share: number): string {
  return numberFormat({ style: 'percent' }).format(share)
}

/** Day and time to the minute, where the reader is; in a named zone (`UTC`), and then with its name, where nobody knows that: on a server. */
export function formatTime(date: Date, zone?: string): string {
  const minutes = { year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' } as const
  return timeFormat(minutes, zone).format(date)
}

/** The time of day to the second, where the reader is, or in a named zone. */
export function formatClock(date: Date, zone?: string): string {
  return timeFormat({ hour: 'numeric', minute: '2-digit', second: '2-digit' }, zone).format(date)
}

function timeFormat(options: Intl.DateTimeFormatOptions, zone: string | undefined): Intl.DateTimeFormat {
  const inZone = zone === undefined ? options : ({ ...options, timeZone: zone, timeZoneName: 'short' } as const)
  return timeFormatOf(languageInUse().locale, inZone)
}

/**
 * `0:07`, `59:59`, `1:00:00`, and from a day on `2 days 3 hr`. A second that has begun counts, so that 0:00 is never seen. By hand, because browsers of
 * streaming software have no `Intl.DurationFormat`.
 */
export function formatDuration(ms: number): string {
  const whole = Math.ceil(ms / 1000)
  const [seconds, minutes, hours, days] = [
    whole % 60,
    Math.floor(whole / 60) % 60,
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 86_400),
  ]
  if (days > 0) return `${formatUnit(days, 'day', 'long')} ${formatUnit(hours, 'hour', 'short')}`
  const two = numberFormat({ minimumIntegerDigits: 2 })
  const end = `${two.format(minutes)}:${two.format(seconds)}`
  return hours > 0 ? `${formatNumber(hours)}:${end}` : `${formatNumber(minutes)}:${two.format(seconds)}`
}

function formatUnit(count: number, unit: 'day' | 'hour', unitDisplay: 'long' | 'short'): string {
  return numberFormat({ style: 'unit', unit, unitDisplay }).format(count)
}

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return numberFormatOf(languageInUse().locale, options)
}
