import { useState } from 'preact/hooks'
import type { WatchStatus } from '../../client/src/index.ts'
import { say } from '../i18n/say.ts'
import { Buttons, type Command, fillScreen, Help, useKeys } from './commands.tsx'
import { Confirm, Dialog } from '../organiser/dialog.tsx'
import type { Status } from '../follow/status.ts'
import type { Organiser } from './use-organiser.ts'

type Props = {
  readonly pollId: string
  /** Where to join. */
  readonly address: string
  readonly organiser: Organiser
  readonly status: Status
  readonly connection: WatchStatus
  /** Whether the public does not see the result now. */
  readonly isHidden: boolean
  readonly isRevealed: boolean
  readonly onReveal: (isRevealed: boolean) => void
  readonly isOverlay: boolean
}

type Shown = 'nothing' | 'help' | 'code' | 'close' | 'reveal'

/** The foot of the screen: where to join, how the connection is, and everything that can be done with keys or the mouse. */
export function Controls(props: Props) {
  const { pollId, address, organiser, status, connection, isHidden, isRevealed, onReveal, isOverlay } = props
  const [shown, setShown] = useState<Shown>('nothing')
  const toggle = (what: Shown): void => setShown(shown === what ? 'nothing' : what)
  const leave = (): void => setShown('nothing')
  const isThere = organiser.token !== null
  const canOpen = isThere && (status === 'draft' || status === 'scheduled')
  const commands: readonly Command[] = [
    {
      key: 'o',
      name: say('present.open'),
      does: say('present.open_does'),
      isThere: canOpen,
      // In front of it is something else, to which the key may belong.
      run: () => shown === 'nothing' && void organiser.run('open'),
    },
    {
      key: 'c',
      name: say('present.close'),
      does: say('present.close_does'),
      isThere: isThere && status === 'open',
      run: () => setShown('close'),
    },
    {
      key: 'r',
      name: say(isRevealed ? 'present.unreveal' : 'present.reveal'),
      does: say('present.reveal_does'),
      isThere: isThere && (isHidden || isRevealed),
      run: () => (isRevealed ? onReveal(false) : setShown('reveal')),
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
  useKeys(isOverlay || shown === 'close' || shown === 'reveal' ? [] : commands)
  return (
    <footer class={address.length > 40 ? 'foot wide' : 'foot'}>
      <p class="address">
        {say(status === 'closed' ? 'present.result_at' : 'present.join_at')} <strong dir="ltr">{address}</strong>
      </p>
      <p class={`link-state ${connection}`} role="status">
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

/** A final poll has no news, so its connection has ended as it should. */
function tellConnection(connection: WatchStatus, status: Status): string {
  if (connection === 'live') return say('present.live')
  if (connection !== 'closed') return say('present.connecting_again')
  if (status === 'closed') return ''
  return say(status === 'deleted' ? 'present.was_deleted' : 'present.connection_lost')
}
