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
  const [page, setPage] = useState<AuditPage | null>(nothing)

  useEffect(() => {
    let isLeft = false
    const show = (read: AuditPage | null): void => {
      if (!isLeft) setPage(read)
    }
    calls.audit(null).then(show, () => show(null))
    return () => {
      isLeft = true
    }
  }, [calls, stamp])

  async function readOn({ events, next_cursor }: AuditPage): Promise<void> {
    const earlier = await calls.audit(next_cursor).catch(() => null)
    setPage(earlier === null ? null : { ...earlier, events: [...events, ...earlier.events] })
  }

  return (
    <section class="card" aria-labelledby="history">
      <h2 id="history">{say('manage.history')}</h2>
      {page === null && (
        <p class="soft" role="status">
          {say('manage.history_failed')}
        </p>
      )}
      <ol class="history">
        {page?.events.map((event) => (
          <Entry key={event.id} event={event} />
        ))}
      </ol>
      {page !== null && page.next_cursor !== null && (
        <button type="button" class="bare" onClick={() => void readOn(page)}>
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
}
const actors: Readonly<Record<string, TextKey>> = {
  nobody: 'manage.actor_nobody',
  manage_token: 'manage.actor_manage_token',
  api_key: 'manage.actor_api_key',
  admin_token: 'manage.actor_admin_token',
}

/** A newer service may have noted words that this page has no text for. */
function wordFor(texts: Readonly<Record<string, TextKey>>, word: string): string {
  const key = texts[word]
  return key === undefined ? word : say(key)
}
