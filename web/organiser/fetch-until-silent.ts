/** So long nothing may be heard of an answer, or of the rest of it. */
const silenceMaxMs = 10_000

/** As `fetch`, but it rejects, or the reading of the answer does, once nothing comes any more. A large answer may take as long as it comes. */
export async function fetchUntilSilent(url: string, init: RequestInit): Promise<Response> {
  const giveUp = new AbortController()
  const wait = () => setTimeout(() => giveUp.abort(), silenceMaxMs)
  let timer = wait()
  const listen = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(piece, out) {
      clearTimeout(timer)
      timer = wait()
      out.enqueue(piece)
    },
    flush: () => clearTimeout(timer),
  })
  try {
    const response = await fetch(url, { ...init, signal: giveUp.signal })
    return new Response(response.body?.pipeThrough(listen) ?? null, response)
  } catch (error) {
    clearTimeout(timer)
    throw error
  }
}
