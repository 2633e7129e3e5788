/**
 * Asks without cookies: who votes is told by the token that is shown, also where a frame of the service lies in a page of the same site and its cookies
 * would go along. And what the browser kept for a second is not taken for what is so now.
 */
export const plainFetch: typeof fetch = async (input, init) =>
  fetch(input, { ...init, credentials: 'omit', cache: 'no-store' })
