import { useState } from 'preact/hooks'
import type { Client, Poll } from '../../client/src/index.ts'
import { say } from '../i18n/say.ts'
import { hasBegun, type Status } from '../poll/status.ts'
import { Ask } from './ask.tsx'
import { Said } from './said.tsx'
import { useActions } from './use-actions.ts'

type Props = {
  readonly client: Pick<Client, 'reset' | 'delete'>
  readonly poll: Poll
  readonly status: Status
  readonly onChanged: () => void
  readonly onDeleted: () => void
  readonly onRefused: () => void
}

/** What cannot be undone, away from everything else, and done only once it was asked for twice. */
export function Endings({ client, poll, status, onChanged, onDeleted, onRefused }: Props) {
  const [asked, setAsked] = useState<'nothing' | 'reset' | 'delete'>('nothing')
  const { act, isBusy, said, problem } = useActions(onRefused)
  const leave = (): void => setAsked('nothing')

  async function reset(): Promise<void> {
    const run = async (): Promise<void> => void (await client.reset(poll.id))
    await act({ doing: 'manage.resetting', done: 'manage.reset_done', run })
    onChanged()
  }

  async function remove(): Promise<void> {
    const run = async (): Promise<void> => {
      await client.delete(poll.id)
      onDeleted()
    }
    await act({ doing: 'manage.deleting', done: 'present.was_deleted', run })
  }

  return (
    <section class="card endings" aria-label={say('manage.endings')}>
      {hasBegun(status) && (
        <div class="ending">
          <p>{say('manage.reset_hint')}</p>
          <button type="button" class="quiet" aria-disabled={isBusy} onClick={() => setAsked('reset')}>
            {say('manage.reset')}
          </button>
        </div>
      )}
      <div class="ending">
        <p>{say('manage.delete_hint')}</p>
        <button type="button" class="quiet grave" aria-disabled={isBusy} onClick={() => setAsked('delete')}>
          {say('manage.delete')}
        </button>
      </div>
      <Said said={said} problem={problem} />
      {asked === 'reset' && (
        <Ask
          title={say('manage.reset_ask')}
          yes={say('manage.reset_yes')}
          no={say('manage.reset_no')}
          onYes={() => void reset()}
          onLeave={leave}
        >
          {say('manage.reset_means')}
        </Ask>
      )}
      {asked === 'delete' && (
        <Ask
          title={say('manage.delete_ask')}
          yes={say('manage.delete_yes')}
          no={say('manage.delete_no')}
          word={say('manage.delete_word')}
          onYes={() => void remove()}
          onLeave={leave}
        >
          {say('manage.delete_means')}
        </Ask>
      )}
    </section>
  )
}
