import { useEffect, useState } from 'preact/hooks'
import { formatTime } from '../i18n/format.ts'
import type { TextKey } from '../i18n/messages.ts'
import { say } from '../i18n/say.ts'
import type { AuditEvent, AuditPage, OrganiserCalls } from './organiser-calls.ts'

type Props = {
  readonly calls: Pick<OrganiserCalls, 'audit'>
  /** Read anew whenever this is another one. */
  readonly stamp: string
}

const nothing: AuditPage = { events: [], next_cursor: null }

/** What organisers have done to the poll, the latest first. */
export function History({ calls, stamp }: Props) {
  const [page, setPage] = useState(nothing)
  const [hasFailed, setHasFailed] = useState(false)

  useEffect(() => {
    let isLeft = false
    calls.audit(null).then(
      (read) => {
        if (isLeft) return
        setPage(read)
        setHasFailed(false)
      },
      () => !isLeft && setHasFailed(true),
    )
    return () => {
      isLeft = true
    }
  }, [calls, stamp])

  async function readOn(cursor: string): Promise<void> {
    const earlier = await calls.audit(cursor).catch(() => null)
    setHasFailed(earlier === null)
    // Pressed twice, or read anew meanwhile: then it does not belong behind what is there.
    if (earlier !== null)
      setPage((now) => (now.next_cursor === cursor ? { ...earlier, events: [...now.events, ...earlier.events] } : now))
  }

  const { next_cursor: cursor } = page
  return (
    <section class="card" aria-labelledby="history">
      <h2 id="history">{say('manage.history')}</h2>
      {hasFailed && (
        <p class="soft" role="status">
          {say('manage.history_failed')}
        </p>
      )}
      <ol class="history">
        {page.events.map((event) => (
          <Entry key={event.id} event={event} />
        ))}
      </ol>
      {cursor !== null && (
        <button type="button" class="bare" onClick={() => void readOn(cursor)}>
          {say('manage.history_older')}
        </button>
      )}
    </section>
  )
}

function Entry({ event: { at, action, actor } }: { readonly event: AuditEvent }) {
  return (
    <li>
      <strong>{wordFor(actions, action)}</strong> {wordFor(actors, actor)}
      <time dateTime={at}>{formatTime(new Date(at))}</time>
    </li>
  )
}

const actions: Readonly<Record<string, TextKey>> = {
  poll_created: 'manage.action_poll_created',
  poll_edited: 'manage.action_poll_edited',
  poll_opened: 'manage.action_poll_opened',
  poll_closed: 'manage.action_poll_closed',
  poll_reset: 'manage.action_poll_reset',
  codes_created: 'manage.action_codes_created',
  votes_pruned: 'manage.action_votes_pruned',
}
const actors: Readonly<Record<string, TextKey>> = {
  nobody: 'manage.actor_nobody',
  manage_token: 'manage.actor_manage_token',
  api_key: 'manage.actor_api_key',
  admin_token: 'manage.actor_admin_token',
  command: 'manage.actor_admin_token',
}

/** A newer service may have noted words that this page has no text for. */
function wordFor(texts: Readonly<Record<string, TextKey>>, word: string): string {
  const key = texts[word]
  return key === undefined ? word : say(key)
}
