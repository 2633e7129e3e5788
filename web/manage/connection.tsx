import type { WatchStatus } from '../../client/src/index.ts'
import type { TextKey } from '../i18n/messages.ts'
import { say } from '../i18n/say.ts'

type Props = {
  readonly connection: WatchStatus
  /** A final poll has no news, so its connection has ended as it should. */
  readonly isFinal: boolean
  readonly onAgain: () => void
}

/** Whether what stands on the page is what is so now. */
export function Connection({ connection, isFinal, onAgain }: Props) {
  const isOver = connection === 'closed'
  return (
    <p class={`link-state ${connection}`}>
      <span role="status">{isOver && isFinal ? '' : say(wordOf(connection))}</span>
      {isOver && (
        <button type="button" class="bare" onClick={onAgain}>
          {say('manage.look_again')}
        </button>
      )}
    </p>
  )
}

function wordOf(connection: WatchStatus): TextKey {
  if (connection === 'live') return 'present.live'
  return connection === 'closed' ? 'manage.unconnected' : 'present.connecting_again'
}
