import { useState } from 'preact/hooks'
import type { WatchStatus } from '../../client/src/index.ts'
import { Buttons, type Command, fillScreen, Help, useKeys } from './commands.tsx'
import { Confirm, Dialog } from './dialog.tsx'
import type { Status } from './standing.ts'
import type { Organiser } from './use-organiser.ts'

type Props = {
  readonly pollId: string
  readonly joinUrl: string
  readonly organiser: Organiser
  readonly status: Status
  readonly connection: WatchStatus
  /** Whether the public does not see the result now. */
  readonly isHidden: boolean
  readonly isOverlay: boolean
}

type Shown = 'nothing' | 'help' | 'code' | 'close' | 'reveal'

/** The foot of the screen: where to join, how the connection is, and everything that can be done with keys or the mouse. */
export function Controls({ pollId, joinUrl, organiser, status, connection, isHidden, isOverlay }: Props) {
  const [shown, setShown] = useState<Shown>('nothing')
  const toggle = (what: Shown): void => setShown(shown === what ? 'nothing' : what)
  const leave = (): void => setShown('nothing')
  const isRevealed = organiser.shownToken !== null
  const { isThere } = organiser
  const canOpen = isThere && (status === 'draft' || status === 'scheduled')
  const commands: readonly Command[] = [
    { key: 'o', name: 'Open', does: 'Open voting', isThere: canOpen, run: () => void organiser.run('open') },
    {
      key: 'c',
      name: 'Close',
      does: 'Close voting',
      isThere: isThere && status === 'open',
      run: () => setShown('close'),
    },
    {
      key: 'r',
      name: isRevealed ? 'Hide result' : 'Show result',
      does: 'Show the hidden result, or hide it again',
      isThere: isThere && (isHidden || isRevealed),
      run: () => (isRevealed ? organiser.show(false) : setShown('reveal')),
    },
    { key: 'q', name: 'QR code', does: 'Show a large QR code', isThere: true, run: () => toggle('code') },
    { key: 'f', name: 'Full screen', does: 'Fill the screen', isThere: true, run: fillScreen },
    { key: '?', name: 'Keys', does: 'Show these keys', isThere: true, run: () => toggle('help') },
  ]
  useKeys(isOverlay || shown === 'close' || shown === 'reveal' ? [] : commands)
  const address = joinUrl.replace(/^https?:\/\//, '')
  return (
    <footer class={address.length > 40 ? 'foot wide' : 'foot'}>
      <p class="address">
        {status === 'closed' ? 'Result at' : 'Join at'} <strong>{address}</strong>
      </p>
      <p class={`link-state ${connection}`} role="status">
        {tellConnection(connection, status)}
      </p>
      {!isOverlay && (
        <div class="commands">
          <p role="status">{organiser.said}</p>
          <Buttons commands={commands} />
        </div>
      )}
      {shown === 'help' && <Help commands={commands} isOrganiser={isThere} onLeave={leave} />}
      {shown === 'code' && (
        <Dialog title={address} kind="large-code" onLeave={leave}>
          <img src={`/p/${pollId}/qr.svg`} alt="QR code of the page to vote on" />
        </Dialog>
      )}
      {shown === 'close' && (
        <Confirm
          title="Close voting?"
          yes="Close it"
          no="Keep it open"
          onYes={() => void organiser.run('close')}
          onLeave={leave}
        >
          Nobody can vote any more, and the result is final.
        </Confirm>
      )}
      {shown === 'reveal' && (
        <Confirm
          title="Show the hidden result here?"
          yes="Show it"
          no="Keep it hidden"
          onYes={() => organiser.show(true)}
          onLeave={leave}
        >
          Everybody who sees this screen will see it.
        </Confirm>
      )}
    </footer>
  )
}

/** A final poll has no news, so its connection has ended as it should. */
function tellConnection(connection: WatchStatus, status: Status): string {
  if (connection === 'live') return 'Live'
  if (connection !== 'closed') return 'Connecting again…'
  if (status === 'closed') return ''
  return status === 'deleted' ? 'This poll was deleted' : 'No connection. Please read the page again.'
}
