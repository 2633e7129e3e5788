import { say } from '../i18n/say.ts'
import type { ConnectionState } from '../poll/connection.ts'

type Props = { readonly connection: ConnectionState | null; readonly onAgain: () => void }

/** Whether what stands on the page is what is so now. */
export function Connection({ connection, onAgain }: Props) {
  return (
    <p class={`link-state ${connection ?? 'over'}`}>
      <span role="status">{connection !== null && tellConnection(connection)}</span>
      {(connection === null || connection === 'lost') && (
        <button type="button" class="bare" onClick={onAgain}>
          {say('manage.look_again')}
        </button>
      )}
    </p>
  )
}

/** What was lost is looked for again by a press, not by reading the page again. */
function tellConnection(connection: ConnectionState): string {
  return say(connection === 'lost' ? 'manage.unconnected' : `common.connection_${connection}`)
}
