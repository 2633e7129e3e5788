import type { WebSocket } from 'ws'

/** Parts of the interval, each with its share of the sockets. */
const slotsMax = 100
/** A part that is much shorter would be stretched by the lateness of timers. */
const slotMsMin = 50

export type PingWheel = {
  add(socket: WebSocket): void
  remove(socket: WebSocket): void
  stop(): void
}

/** How many pings each socket of this part has left unanswered. */
type Slot = Map<WebSocket, number>

/**
 * Pings each socket once per interval, and ends those that have not answered for `missedMax` intervals, telling so of each.
 * The pings are spread over the whole interval: their answers come together where they went together, and are read in one go
 * (`npm run bench -- fan-out`, 10,000 viewers: the longest block of the event loop took 14 ms of processor time, and 5 ms since
 * they are spread, to which other changes of the same days may have added). One timer serves all, and runs only while there are sockets.
 */
export function createPingWheel(everyMs: number, onSilent: () => void, missedMax = 2): PingWheel {
  const slotCount = Math.max(1, Math.min(slotsMax, Math.floor(everyMs / slotMsMin)))
  const slots: readonly Slot[] = Array.from({ length: slotCount }, () => new Map())
  const slotOf = new Map<WebSocket, Slot>()
  let timer: NodeJS.Timeout | null = null
  let hand = 0
  let nextSlot = 0

  function turn(): void {
    hand = (hand + 1) % slotCount
    // There is one at each place of the hand.
    const slot = slots[hand]!
    for (const [socket, unanswered] of slot) ping(slot, socket, unanswered)
    timer = slotOf.size === 0 ? null : setTimeout(turn, everyMs / slotCount)
  }

  function ping(slot: Slot, socket: WebSocket, unanswered: number): void {
    if (unanswered >= missedMax) {
      onSilent()
      return socket.terminate()
    }
    slot.set(socket, unanswered + 1)
    if (socket.readyState === socket.OPEN) socket.ping()
  }

  function onPong(this: WebSocket): void {
    slotOf.get(this)?.set(this, 0)
  }

  return {
    add(socket) {
      nextSlot = (nextSlot + 1) % slotCount
      // There is one at each place.
      const slot = slots[nextSlot]!
      slot.set(socket, 0)
      slotOf.set(socket, slot)
      socket.on('pong', onPong)
      timer ??= setTimeout(turn, everyMs / slotCount)
    },
    remove(socket) {
      slotOf.get(socket)?.delete(socket)
      slotOf.delete(socket)
    },
    stop() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      for (const slot of slots) slot.clear()
      slotOf.clear()
    },
  }
}
