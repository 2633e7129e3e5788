import type { ReplayWish, SetAsidePage } from '../../application/manage-polls/replay-set-aside.ts'
import { parsePosition } from '../../domain/position.ts'
import { isRefused, type Refused, refuse } from '../../domain/refusal.ts'
import type { ReplayedItem, SetAsideItem, SetAsidePlace } from '../../ports/set-aside.ts'
import type { ListSetAsideRequest__Output } from './gen/tallycast/admin/v1/ListSetAsideRequest.ts'
import type { ListSetAsideResponse } from './gen/tallycast/admin/v1/ListSetAsideResponse.ts'
import type { ReplaySetAsideRequest__Output } from './gen/tallycast/admin/v1/ReplaySetAsideRequest.ts'
import type { ReplaySetAsideResponse } from './gen/tallycast/admin/v1/ReplaySetAsideResponse.ts'
import type { SetAside } from './gen/tallycast/admin/v1/SetAside.ts'
import { toTimestamp } from './times.ts'
import { replayOutcomes, setAsideReasons, voteKinds } from './words.ts'

const pageSizes = { fallback: 20, max: 100 }

type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null }

export function readPageSize(pageSize: number): number | Refused {
  if (pageSize === 0) return pageSizes.fallback
  if (pageSize > 0 && pageSize <= pageSizes.max) return pageSize
  const detail = `page_size is 1 to ${pageSizes.max}, or 0 for ${pageSizes.fallback}.`
  return refuse('invalid_body', detail, [{ pointer: '/page_size', detail }])
}

export function readSetAsidePage(request: ListSetAsideRequest__Output): SetAsidePage | Refused {
  const pageSize = readPageSize(request.pageSize)
  if (isRefused(pageSize)) return pageSize
  return { pollId: orNull(request.pollId), cursor: orNull(request.pageToken), pageSize }
}

export function readReplay(request: ReplaySetAsideRequest__Output): ReplayWish | Refused {
  const page = readSetAsidePage(request)
  if (isRefused(page)) return page
  const { pollId } = page
  if ((pollId === null) === (request.ids.length === 0)) {
    const detail = 'Name either ids or a poll_id.'
    return refuse('invalid_body', detail, [{ pointer: '/ids', detail }])
  }
  if (pollId !== null) return { ...page, pollId, places: null }
  const places = new Map<string, SetAsidePlace>()
  for (const [index, id] of request.ids.entries()) {
    const place = readId(id)
    if (place === null) {
      const detail = `${id} is not an id that ListSetAside gave.`
      return refuse('invalid_body', detail, [{ pointer: `/ids/${index}`, detail }])
    }
    places.set(id, place)
  }
  return { places: [...places.values()] }
}

export function setAsideMessage({ items, nextCursor }: Page<SetAsideItem>): ListSetAsideResponse {
  return { items: items.map(itemMessage), nextPageToken: nextCursor ?? '' }
}

export function replayedMessage({ items, nextCursor }: Page<ReplayedItem>): ReplaySetAsideResponse {
  return {
    items: items.map((item) => ({
      id: writeId(item),
      pollId: item.pollId ?? '',
      outcome: replayOutcomes.nameOf(item.outcome),
    })),
    nextPageToken: nextCursor ?? '',
  }
}

function itemMessage(item: SetAsideItem): SetAside {
  const { pollId, reason, detail, setAsideAt, replayed } = item
  return {
    id: writeId(item),
    pollId: pollId ?? '',
    reason: setAsideReasons.nameOf(reason),
    detail: detail ?? '',
    setAsideAt: toTimestamp(setAsideAt),
    ...contentMessage(item.content),
    ...(replayed === null
      ? {}
      : { replayOutcome: replayOutcomes.nameOf(replayed.outcome), replayedAt: toTimestamp(replayed.at) }),
  }
}

function contentMessage(content: SetAsideItem['content']): SetAside {
  switch (content.type) {
    case 'vote': {
      const { round, kind, selection } = content
      return { round, kind: voteKinds.nameOf(kind), optionIds: [...selection] }
    }
    case 'close':
      return { round: content.round, isCloseMarker: true }
    case 'unread':
      return { unread: Buffer.from(content.bytes), unreadLength: content.length }
  }
}

const partitionMax = 32_767

/** `<partition>-<position>`: the partition in decimal, the position as 32 hexadecimal digits. */
function writeId({ partition, position }: SetAsidePlace): string {
  return `${partition}-${position}`
}

function readId(id: string): SetAsidePlace | null {
  const [, partition, position] = /^(\d{1,5})-([0-9a-f]{32})$/.exec(id) ?? []
  if (partition === undefined || position === undefined || Number(partition) > partitionMax) return null
  return { partition: Number(partition), position: parsePosition(position) }
}

function orNull(text: string): string | null {
  return text === '' ? null : text
}
