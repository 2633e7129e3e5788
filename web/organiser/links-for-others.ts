/** What links for other people begin with, as the service has said. It knows of no https that somebody in front of it speaks; the page does. */
export function baseForOthers(said: string = location.origin): string {
  const base = new URL(said)
  return base.host === location.host ? location.origin : base.href.replace(/\/$/, '')
}
