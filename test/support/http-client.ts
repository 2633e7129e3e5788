/** One answer, its body read as JSON where it is JSON. */
export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects in its assertions
  readonly body: any
}

export type Say = {
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is. */
  readonly raw?: string | Uint8Array<ArrayBuffer>
  readonly bearer?: string
  readonly cookie?: string
  readonly voterToken?: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
}

export type HttpClient = (method: string, path: string, say?: Say) => Promise<Answer>

/** Talks to the system as any client would. `onAnswer` sees every answer. */
export function createHttpClient(
  url: string,
  onAnswer: (method: string, path: string, answer: Answer) => void = () => {},
): HttpClient {
  return async (method, path, { json, raw, bearer, cookie, voterToken, key, headers = {} } = {}) => {
    const body = json === undefined ? raw : JSON.stringify(json)
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        ...(cookie !== undefined && { cookie }),
        ...(voterToken !== undefined && { 'voter-token': voterToken }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      redirect: 'manual',
    })
    // A stream has no end to wait for.
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    if (isStream) await response.body?.cancel()
    const text = isStream ? '' : await response.text()
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '')
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : null,
    }
    onAnswer(method, path, answer)
    return answer
  }
}

/** The session cookie that an answer sets, as a client sends it back. */
export function cookieOf(answer: Answer): string {
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0] ?? '')
    .join('; ')
}
