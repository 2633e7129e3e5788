import type english from '../messages/en.json'

type English = typeof english
type Section = keyof English

/** A text that depends on a count: one for each plural category that its language has (CLDR). `other` there is in every language. */
export type Plural = { readonly other: string } & { readonly [Category in Intl.LDMLPluralRule]?: string }

/** The texts of one language, under the sections and keys of en.json. `{name}` in a text stands for a value. */
export type Messages = {
  readonly [S in Section]: { readonly [Key in keyof English[S]]: English[S][Key] extends string ? string : Plural }
}

type KeysOf<Text> = {
  [S in Section]: {
    [Key in keyof English[S] & string]: English[S][Key] extends Text ? `${S}.${Key}` : never
  }[keyof English[S] & string]
}[Section]

/** `vote.accepted`: a text that is the same for every count. */
export type TextKey = KeysOf<string>
export type PluralKey = KeysOf<object>
