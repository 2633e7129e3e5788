import { useState } from 'preact/hooks'
import type { Client } from '../../client/src/index.ts'
import { say } from '../i18n/say.ts'
import type { Status } from '../poll/status.ts'
import { Ask } from './ask.tsx'
import type { Actions } from './use-actions.ts'

type Props = {
  readonly client: Pick<Client, 'open' | 'close'>
  readonly pollId: string
  readonly status: Status
  readonly actions: Actions
  readonly onChanged: () => void
}

/** What comes next in the life of the poll: opening it, or closing it once that has been asked. */
export function Steps({ client, pollId, status, actions, onChanged }: Props) {
  const [isAsking, setIsAsking] = useState(false)
  const { isBusy, act } = actions

  async function open(): Promise<void> {
    const run = async (): Promise<void> => void (await client.open(pollId))
    await act({ doing: 'manage.opening', done: 'manage.opened', run })
    onChanged()
  }

  async function close(): Promise<void> {
    const run = async (): Promise<void> => void (await client.close(pollId))
    await act({ doing: 'manage.closing', done: 'manage.closed', run })
    onChanged()
  }

  return (
    <div class="steps">
      {(status === 'draft' || status === 'scheduled') && (
        <button type="button" aria-disabled={isBusy} onClick={() => void open()}>
          {say('manage.open')}
        </button>
      )}
      {status === 'open' && (
        <button type="button" aria-disabled={isBusy} onClick={() => setIsAsking(true)}>
          {say('manage.close')}
        </button>
      )}
      {isAsking && (
        <Ask
          title={say('present.close_title')}
          yes={say('present.close_yes')}
          no={say('present.close_no')}
          onYes={() => void close()}
          onLeave={() => setIsAsking(false)}
        >
          {say('present.close_warning')}
        </Ask>
      )}
    </div>
  )
}
