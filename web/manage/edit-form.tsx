import { useEffect, useState } from 'preact/hooks'
import type { Client, Poll } from '../../client/src/index.ts'
import { say } from '../i18n/say.ts'
import type { Status } from '../poll/status.ts'
import { draftOf, type EditDraft, freedomOf, hasEmptiedOption, isEmpty, patchOf, problemOfEdit } from './edit.ts'
import { RuleFields, TextFields, TimeFields, VisibilityField } from './edit-fields.tsx'
import { Said } from './said.tsx'
import { useActions } from './use-actions.ts'

type Props = {
  readonly client: Pick<Client, 'edit'>
  readonly poll: Poll
  readonly status: Exclude<Status, 'deleted'>
  readonly onChanged: () => void
  readonly onRefused: () => void
}

/** What of the poll may still be another, by how far it has come. Only what was changed here is sent. */
export function EditForm({ client, poll, status, onChanged, onRefused }: Props) {
  const { act, refuse, isBusy, said, problem } = useActions(onRefused)
  const [before, setBefore] = useState(poll)
  const [draft, setDraft] = useState<EditDraft>(() => draftOf(poll))
  const freedom = freedomOf(status)
  const patch = patchOf(draftOf(before), draft, freedom)

  function begin(known: Poll): void {
    setBefore(known)
    setDraft(draftOf(known))
  }

  // What others have changed is shown, unless something is being written here: that stays.
  useEffect(() => {
    if (poll.revision > before.revision && isEmpty(patch)) begin(poll)
  }, [poll, freedom])

  async function save(event: Event): Promise<void> {
    event.preventDefault()
    if (hasEmptiedOption(draft, freedom)) return refuse(['manage.option_empty'])
    const wrong = problemOfEdit(draftOf(before), draft, freedom, Date.now())
    if (wrong !== null) return refuse(wrong)
    if (isEmpty(patch)) return refuse(['manage.nothing_changed'])
    const run = async (): Promise<void> => {
      const saved = await client.edit(poll.id, patch)
      setBefore(saved)
      // What was written meanwhile stays.
      setDraft((now) => (now === draft ? draftOf(saved) : now))
    }
    await act({ doing: 'manage.saving', done: 'manage.saved', run })
    onChanged()
  }

  const fields = { draft, onChange: (changed: Partial<EditDraft>) => setDraft({ ...draft, ...changed }) }
  const isMeanwhile = poll.revision > before.revision && !isEmpty(patch)
  return (
    <details class="card edit">
      <summary>
        <h2>{say('manage.edit')}</h2>
      </summary>
      <form onSubmit={(event) => void save(event)} noValidate>
        {freedom === 'texts' && <p class="soft">{say('manage.frozen_open')}</p>}
        {freedom === 'visibility' && <p class="soft">{say('manage.frozen_closed')}</p>}
        {freedom !== 'visibility' && <TextFields {...fields} hasFreeOptions={freedom === 'everything'} />}
        {freedom !== 'visibility' && <TimeFields {...fields} hasOpening={freedom === 'everything'} />}
        <VisibilityField {...fields} />
        {freedom === 'everything' && <RuleFields {...fields} />}
        {isMeanwhile && <p class="soft">{say('manage.changed_meanwhile')}</p>}
        <div class="beside">
          <button type="submit" aria-disabled={isBusy}>
            {say('manage.save')}
          </button>
          {!isEmpty(patch) && (
            <button type="button" class="quiet" onClick={() => begin(poll)}>
              {say('manage.discard')}
            </button>
          )}
        </div>
        <Said said={said} problem={problem} />
      </form>
    </details>
  )
}
