import type { Poll } from './poll.ts'
import { type Refused, refuse } from './refusal.ts'
import type { Selection } from './vote.ts'

/**
 * The selection that a voter asks for, judged by the definition: known options, none twice, as many as allowed. Returns it
 * in ascending order, so that the same choice is always the same selection.
 */
export function checkSelection(
  poll: Pick<Poll, 'options' | 'minChoices' | 'maxChoices'>,
  optionIds: readonly number[],
): Selection | Refused {
  const chosen = new Set<number>()
  for (const [index, optionId] of optionIds.entries()) {
    const pointer = `/option_ids/${index}`
    if (!poll.options.some((option) => option.id === optionId)) {
      const detail = `This poll has no option ${optionId}.`
      return refuse('option_unknown', detail, [{ pointer, detail }])
    }
    if (chosen.has(optionId)) {
      const detail = `Option ${optionId} is chosen twice.`
      return refuse('invalid_body', detail, [{ pointer, detail }])
    }
    chosen.add(optionId)
  }
  if (chosen.size < poll.minChoices) {
    const detail = `Choose at least ${poll.minChoices} option${poll.minChoices === 1 ? '' : 's'}.`
    return refuse('too_few_choices', detail, [{ pointer: '/option_ids', detail }])
  }
  if (chosen.size > poll.maxChoices) {
    const detail = `Choose at most ${poll.maxChoices} option${poll.maxChoices === 1 ? '' : 's'}.`
    return refuse('too_many_choices', detail, [{ pointer: '/option_ids', detail }])
  }
  return [...chosen].sort((a, b) => a - b)
}
