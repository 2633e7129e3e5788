/** What the pages of a browser ask for their session with. */
export type AgreedKey = {
  /** The same for every page that asks before it is forgotten, also for two in the same moment. */
  readonly agree: () => Promise<string>
  /**
   * To be called once there is a session: whoever has the key has the session, and who clears the cookies shall be somebody new. Resolves when that
   * holds also if the page is left at once.
   */
  readonly forget: () => Promise<void>
}

/**
 * Lets no vote go out before this browser has its session. A vote that makes one is another voter's once the answer, and the cookie with it, is lost
 * and a vote elsewhere has brought another. Pages that ask in the same moment ask with the same key, and so have the same session; one that comes later
 * shows its cookie, and keeps what there is.
 */
export function createSessionFirst(
  isNeeded: boolean,
  begin: (key: string) => Promise<unknown>,
  { agree, forget }: AgreedKey,
): () => Promise<void> {
  let hasSession = !isNeeded
  return async () => {
    if (hasSession) return
    await begin(await agree())
    hasSession = true
    await forget()
  }
}
