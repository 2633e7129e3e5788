import { useState } from 'preact/hooks'
import { say } from '../i18n/say.ts'
import { Confirm, Dialog } from '../organiser/dialog.tsx'
import type { ConnectionState } from '../poll/connection.ts'
import { hasBegun, type Status } from '../poll/status.ts'
import { Buttons, type Command, fillScreen, Help, useKeys } from './commands.tsx'
import type { Organiser } from './use-organiser.ts'

type Props = {
  readonly pollId: string
  /** Where to join. */
  readonly address: string
  readonly organiser: Organiser
  readonly status: Status
  readonly connection: ConnectionState | null
  /** Whether the public does not see the result now. */
  readonly isHidden: boolean
  readonly isRevealed: boolean
  readonly onReveal: (isRevealed: boolean) => void
  readonly isOverlay: boolean
}

type Shown = 'nothing' | 'help' | 'code' | 'close' | 'reveal'

/** The foot of the screen: where to join, how the connection is, and everything that can be done with keys or the mouse. */
export function Controls(props: Props) {
  const { pollId, address, organiser, status, connection, onReveal, isOverlay } = props
  const [shown, setShown] = useState<Shown>('nothing')
  const leave = (): void => setShown('nothing')
  const isThere = organiser.token !== null
  const commands = commandsOf(props, shown, setShown)
  useKeys(isOverlay || shown === 'close' || shown === 'reveal' ? [] : commands)
  return (
    <footer class={address.length > 40 ? 'foot wide' : 'foot'}>
      <p class="address">
        {say(status === 'closed' ? 'present.result_at' : 'present.join_at')} <strong dir="ltr">{address}</strong>
      </p>
      <p class={`link-state ${connection ?? 'over'}`} role="status">
        {tellConnection(connection, status)}
      </p>
      {!isOverlay && (
        <div class="commands">
          <p role="status">{organiser.said !== null && say(...organiser.said)}</p>
          <Buttons commands={commands} />
        </div>
      )}
      {shown === 'help' && <Help commands={commands} isOrganiser={isThere} onLeave={leave} />}
      {shown === 'code' && (
        <Dialog title={address} kind="large-code" onLeave={leave}>
          <img src={`/p/${pollId}/qr.svg`} alt={say('common.qr_code')} />
        </Dialog>
      )}
      {shown === 'close' && (
        <Confirm
          title={say('present.close_title')}
          yes={say('present.close_yes')}
          no={say('present.close_no')}
          onYes={() => void organiser.run('close')}
          onLeave={leave}
        >
          {say('present.close_warning')}
        </Confirm>
      )}
      {shown === 'reveal' && (
        <Confirm
          title={say('present.reveal_title')}
          yes={say('present.reveal_yes')}
          no={say('present.reveal_no')}
          onYes={() => onReveal(true)}
          onLeave={leave}
        >
          {say('present.reveal_warning')}
        </Confirm>
      )}
    </footer>
  )
}

/** Everything that can be done here, with what is on the screen. */
function commandsOf(
  { organiser, status, isHidden, isRevealed, onReveal }: Props,
  shown: Shown,
  show: (what: Shown) => void,
): readonly Command[] {
  const isThere = organiser.token !== null
  const toggle = (what: Shown): void => show(shown === what ? 'nothing' : what)
  return [
    {
      key: 'o',
      name: say('present.open'),
      does: say('present.open_does'),
      isThere: isThere && !hasBegun(status),
      // In front of it is something else, to which the key may belong.
      run: () => shown === 'nothing' && void organiser.run('open'),
    },
    {
      key: 'c',
      name: say('present.close'),
      does: say('present.close_does'),
      isThere: isThere && status === 'open',
      run: () => show('close'),
    },
    {
      key: 'r',
      name: say(isRevealed ? 'present.unreveal' : 'present.reveal'),
      does: say('present.reveal_does'),
      isThere: isThere && (isHidden || isRevealed),
      run: () => (isRevealed ? onReveal(false) : show('reveal')),
    },
    { key: 'q', name: say('present.code'), does: say('present.code_does'), isThere: true, run: () => toggle('code') },
    {
      key: 'f',
      name: say('present.full_screen'),
      does: say('present.full_screen_does'),
      isThere: true,
      run: fillScreen,
    },
    { key: '?', name: say('present.keys'), does: say('present.keys_does'), isThere: true, run: () => toggle('help') },
  ]
}

function tellConnection(connection: ConnectionState | null, status: Status): string {
  if (connection === null) return ''
  return say(connection === 'lost' && status === 'deleted' ? 'present.was_deleted' : `common.connection_${connection}`)
}
