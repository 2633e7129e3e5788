import type { ComponentChildren } from 'preact'
import { languageInUse } from '../i18n/in-use.ts'

/** Stands in no text. */
export const slot = '\uE000'

/** A sentence, in whatever order its language has, with something drawn where it was given `slot` for a value. */
export function SaidWith({ text, children }: { readonly text: string; readonly children: ComponentChildren }) {
  // What sets foreign words apart is not needed around what is drawn.
  const [before = '', after = ''] = text.replaceAll(/[\u2068\u2069]/g, '').split(slot)
  return (
    <>
      {before}
      {children}
      {after}
    </>
  )
}

/** Texts of people in a row, as the language in use joins them; each runs in its own direction. */
export function joinTexts(texts: readonly string[]): ComponentChildren {
  const places = texts.map((_, place) => String(place))
  return new Intl.ListFormat(languageInUse().locale)
    .formatToParts(places)
    .map(({ type, value }) => (type === 'element' ? <bdi key={value}>{texts[Number(value)]}</bdi> : value))
}
