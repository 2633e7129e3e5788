import type { Ref } from 'preact'
import { say } from '../i18n/say.ts'

type Props = {
  readonly code: string
  readonly isLocked: boolean
  readonly field: Ref<HTMLInputElement>
  readonly onType: (code: string) => void
}

/** What is typed may have spaces in it, or dashes of any kind. */
export function CodeField({ code, isLocked, field, onType }: Props) {
  return (
    <p class="code">
      <label for="code">{say('vote.code')}</label>
      <input
        type="text"
        id="code"
        name="code"
        ref={field}
        value={code}
        placeholder="XXXX-XXXX-XXXX-XXXX"
        maxLength={60}
        required
        readOnly={isLocked}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        dir="ltr"
        onInput={({ currentTarget: { value } }) => onType(value)}
      />
    </p>
  )
}
