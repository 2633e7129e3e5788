import { say } from '../i18n/say.ts'
import { type Draft, writtenOptions } from '../organiser/draft.ts'

/** How the poll will look to those who vote. */
export function Preview({ draft }: { readonly draft: Draft }) {
  const options = writtenOptions(draft)
  if (draft.question.trim() === '' && options.length === 0) return null
  return (
    <section class="preview" aria-label={say('create.preview')}>
      <h2 dir="auto">{draft.question.trim() || '…'}</h2>
      <ul>
        {options.map((text, place) => (
          <li key={place} class={draft.isMultiple ? 'many' : 'one'}>
            <span dir="auto">{text}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
