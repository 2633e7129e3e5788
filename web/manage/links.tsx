import { say } from '../i18n/say.ts'
import { Link } from '../organiser/link.tsx'

/** Where everybody else goes. The page to manage is not among them: its link is told once. */
export function Links({ pollId, base }: { readonly pollId: string; readonly base: string }) {
  const vote = `${base}/p/${pollId}`
  return (
    <section class="card" aria-labelledby="links">
      <h2 id="links">{say('manage.links')}</h2>
      <img class="qr" src={`/p/${pollId}/qr.svg`} width="144" height="144" alt={say('common.qr_code')} />
      <Link label={say('manage.link_vote')} url={vote} />
      <Link label={say('manage.link_present')} url={`${vote}/present`} />
    </section>
  )
}
