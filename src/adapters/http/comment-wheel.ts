const streamsPerSlice = 100

type Pulse = { readonly beat: () => void }

export type CommentWheel = { add(stream: Pulse): void; remove(stream: Pulse): void }

/** Gives every stream its beat from one timer, in slices; it runs only while there are streams. */
export function createCommentWheel(everyMs: number): CommentWheel {
  const streams = new Set<Pulse>()
  let timer: NodeJS.Timeout | null = null

  function turn(): void {
    beatSlice([...streams].values())
    timer = setTimeout(turn, everyMs)
  }

  function beatSlice(rest: Iterator<Pulse>): void {
    for (let told = 0; told < streamsPerSlice; told += 1) {
      const next = rest.next()
      if (next.done === true) return
      if (streams.has(next.value)) next.value.beat()
    }
    setImmediate(beatSlice, rest)
  }

  return {
    add(stream) {
      streams.add(stream)
      timer ??= setTimeout(turn, everyMs)
    },
    remove(stream) {
      streams.delete(stream)
      if (streams.size > 0 || timer === null) return
      clearTimeout(timer)
      timer = null
    },
  }
}
