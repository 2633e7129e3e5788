import { useEffect, useRef } from 'preact/hooks'
import type { Client, CreatedPoll } from '../../client/src/index.ts'
import { say } from '../i18n/say.ts'
import { Codes } from '../organiser/codes.tsx'
import { Link } from '../organiser/link.tsx'
import { spellJoinCode } from '../poll/join-code.ts'
import { describeFault } from './describe-fault.ts'

type Props = {
  readonly client: Pick<Client, 'createCodes'>
  readonly poll: CreatedPoll
  readonly base: string
  readonly onAgain: () => void
}

/** The links of a poll that was just made. Its manage token is told this once, and stands in the fragment, which no server gets. */
export function CreatedView({ client, base, poll, onAgain }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const vote = `${base}/p/${poll.id}`
  return (
    <div class="created">
      <h1 tabIndex={-1} ref={heading}>
        {say('create.ready')}
      </h1>
      <p dir="auto">{poll.question}</p>
      <img class="qr" src={`/p/${poll.id}/qr.svg`} width="220" height="220" alt={say('common.qr_code')} />
      <Link label={say('create.vote')} url={vote} />
      {poll.join_code !== null && <JoinCode code={poll.join_code} base={base} />}
      <Link
        label={say('create.manage')}
        url={`${vote}/manage#manage=${poll.manage_token}`}
        hint={say('create.manage_hint')}
      />
      <Link
        label={say('create.present')}
        url={`${vote}/present#manage=${poll.manage_token}`}
        hint={say('create.present_hint')}
      />
      {poll.voter_identity === 'code' && (
        <Codes client={client} pollId={poll.id} token={poll.manage_token} describe={describeFault} />
      )}
      <p>
        <button type="button" class="quiet" onClick={onAgain}>
          {say('create.again')}
        </button>
      </p>
    </div>
  )
}

function JoinCode({ code, base }: { readonly code: string; readonly base: string }) {
  return (
    <div class="join-code">
      <p>
        <span>{say('create.join')}</span> <strong dir="ltr">{spellJoinCode(code)}</strong>
      </p>
      <p class="hint">{say('create.join_hint', { address: `${base.replace(/^https?:\/\//, '')}/j` })}</p>
    </div>
  )
}
