import type { Poll } from '../../client/src/index.ts'
import { type Message, say } from '../i18n/say.ts'

type Limits = Pick<Poll, 'min_choices' | 'max_choices'>

/** How many options a voter may choose. */
export function describeChoice({ min_choices: least, max_choices: most }: Limits): string {
  if (most === 1) return say('common.choose_one')
  if (least === most) return say('common.choose_exactly', { count: most })
  return least === 1 ? say('common.choose_up_to', { count: most }) : say('common.choose_between', { least, most })
}

/** Why so many cannot be sent, as far as can be told here; null where they can. */
export function problemOfChoice({ min_choices: least, max_choices: most }: Limits, chosen: number): Message | null {
  if (chosen === 0) return ['common.choose_something']
  if (chosen < least) return ['common.choose_more', { count: least }]
  return chosen > most ? ['common.choose_fewer', { count: most }] : null
}
