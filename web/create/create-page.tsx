import { useRef, useState } from 'preact/hooks'
import type { Client, CreatedPoll } from '../../client/src/index.ts'
import { LanguageSwitch } from '../i18n/language-switch.tsx'
import { type Message, say } from '../i18n/say.ts'
import { CreatedView } from './created-view.tsx'
import { describeFault } from './describe-fault.ts'
import { type Draft, draftLimits, emptyDraft, problemOf, toNewPoll } from '../organiser/draft.ts'
import { OptionRows } from '../organiser/option-rows.tsx'
import { Preview } from './preview.tsx'
import { Settings } from './settings.tsx'

type PageProps = {
  readonly client: Pick<Client, 'create' | 'createCodes'>
  /** What links for other people begin with. */
  readonly base: string
}

/** Where people make a poll, and get its links when it is made. */
export function CreatePage({ client, base }: PageProps) {
  const [created, setCreated] = useState<CreatedPoll | null>(null)
  if (created === null) return <CreateForm client={client} onCreated={setCreated} />
  return <CreatedView client={client} base={base} poll={created} onAgain={() => setCreated(null)} />
}

type FormProps = {
  readonly client: Pick<Client, 'create'>
  readonly onCreated: (poll: CreatedPoll) => void
}

function CreateForm({ client, onCreated }: FormProps) {
  const [draft, setDraft] = useState<Draft>(emptyDraft)
  const [problem, setProblem] = useState<Message | null>(null)
  const [isSending, setIsSending] = useState(false)
  const notice = useRef<HTMLParagraphElement>(null)

  function refuse(reason: Message): void {
    setProblem(reason)
    setIsSending(false)
    // Once it is there.
    requestAnimationFrame(() => notice.current?.focus())
  }

  async function create(event: Event): Promise<void> {
    event.preventDefault()
    // Nobody makes two polls by pressing twice.
    if (isSending) return
    const missing = problemOf(draft, Date.now())
    if (missing !== null) return refuse(missing)
    setProblem(null)
    setIsSending(true)
    try {
      onCreated(await client.create(toNewPoll(draft)))
    } catch (error) {
      refuse(describeFault(error))
    }
  }

  return (
    <form class="create" onSubmit={(event) => void create(event)} noValidate>
      <header class="top">
        <h1>{say('create.title')}</h1>
        <LanguageSwitch />
      </header>
      <label class="field">
        <span>{say('create.question')}</span>
        <textarea
          name="question"
          rows={2}
          maxLength={draftLimits.questionMax}
          value={draft.question}
          placeholder={say('create.question_example')}
          dir="auto"
          onInput={({ currentTarget: { value: question } }) => setDraft({ ...draft, question })}
        />
      </label>
      <OptionRows draft={draft} onChange={setDraft} />
      <Settings draft={draft} onChange={setDraft} />
      <Preview draft={draft} />
      {problem !== null && (
        <p class="problem" role="alert" tabIndex={-1} ref={notice}>
          {say(...problem)}
        </p>
      )}
      <div class="actions">
        <button type="submit" aria-disabled={isSending}>
          {say(isSending ? 'create.making' : 'create.submit')}
        </button>
      </div>
    </form>
  )
}
