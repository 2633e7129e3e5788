import { useEffect, useRef, useState } from 'preact/hooks'
import { say } from '../i18n/say.ts'
import { type Pasted, readPasted } from './read-pasted.ts'

type Props = {
  readonly pollId: string
  /** A token was there, and it is not this poll's. */
  readonly isRefused: boolean
  readonly onToken: (token: string) => void
}

type Problem = Extract<Pasted, { readonly problem: string }>['problem']

/** Asks whoever came without the token for the link that has it. */
export function AskForToken({ pollId, isRefused, onToken }: Props) {
  const field = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState<Problem | null>(null)

  useEffect(() => {
    if (isRefused) field.current?.focus()
  }, [])

  function send(event: Event): void {
    event.preventDefault()
    const pasted = readPasted(field.current?.value ?? '', pollId)
    if ('token' in pasted) return onToken(pasted.token)
    setProblem(pasted.problem)
    field.current?.focus()
  }

  const why = isRefused ? 'refused' : 'needed'
  return (
    <form class="card ask" onSubmit={send} noValidate>
      <div role={isRefused ? 'alert' : undefined}>
        <h2>{say(`manage.token_${why}`)}</h2>
        <p class="soft">{say(`manage.token_${why}_why`)}</p>
      </div>
      <label class="field">
        <span>{say('manage.token_field')}</span>
        <input
          type="text"
          ref={field}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-invalid={problem !== null}
          aria-describedby="token-problem"
        />
      </label>
      <p class="problem" role="alert" id="token-problem">
        {problem !== null && say(`manage.token_${problem}`)}
      </p>
      <div class="beside">
        <button type="submit">{say('manage.token_send')}</button>
        <a href={`/p/${pollId}`}>{say('present.vote_page')}</a>
      </div>
    </form>
  )
}
