import { canBeToken } from '../organiser/token-form.ts'

/** What somebody has pasted to show that the poll is theirs: a token, or why it is none. */
export type Pasted = { readonly token: string } | { readonly problem: 'empty' | 'other_poll' | 'unreadable' }

/** Reads a link to manage this poll, of any of its pages, or the token alone. */
export function readPasted(text: string, pollId: string): Pasted {
  const pasted = text.trim()
  if (pasted === '') return { problem: 'empty' }
  const link = /^(?:https?:\/\/\S+?)?\/p\/([\w-]+)\S*#manage=(.+)$/.exec(pasted)
  const token = link?.[2] ?? pasted.replace(/^#?manage=/, '')
  if (!canBeToken(token)) return { problem: 'unreadable' }
  return link !== null && link[1] !== pollId ? { problem: 'other_poll' } : { token }
}
