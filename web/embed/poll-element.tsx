import { render } from 'preact'
import { say } from '../i18n/say.ts'
import { EmbeddedPoll } from './embedded-poll.tsx'
import ballotStyles from './ballot.css?inline'
import styles from './embed.css?inline'
import type { Tell } from './use-ballot.ts'

const name = 'tally-cast-poll'

export type Surroundings = {
  /** Where the service is for elements that do not say; null where nobody knows. */
  readonly home: string | null
  /** How the question is ranked in the page around. */
  readonly heading: 'h1' | 'h2'
  /** Lets `say` speak the first of these languages that there is, and returns its tag. */
  readonly speak: (wanted: readonly string[]) => string
}

// One for all elements; no style stands in the markup, where the policy of the page around may forbid it.
const sheet = new CSSStyleSheet()
sheet.replaceSync(styles + ballotStyles)

/**
 * `<tally-cast-poll poll="…">`: a poll in somebody else's page. `server`: where the service is, if not where the script came from. `voter-token`: what the
 * page shows of its visitor, in polls that ask for it.
 */
class PollElement extends HTMLElement {
  static readonly observedAttributes = ['poll', 'server', 'voter-token', 'lang']
  static surroundings: Surroundings
  readonly #root = this.attachShadow({ mode: 'open' })
  readonly #tell: Tell = {
    vote: (detail) => this.#dispatch('tallycast:vote', detail),
    update: (detail) => this.#dispatch('tallycast:update', detail),
  }

  constructor() {
    super()
    this.#root.adoptedStyleSheets = [sheet]
  }

  connectedCallback(): void {
    this.#show()
  }

  disconnectedCallback(): void {
    render(null, this.#root)
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#show()
  }

  #show(): void {
    const pollId = this.getAttribute('poll') ?? ''
    const { home, heading, speak: speakOne } = PollElement.surroundings
    const service = serviceAt(this.getAttribute('server') ?? home)
    const hostToken = this.getAttribute('voter-token')
    const languages = [this.closest<HTMLElement>('[lang]')?.lang ?? '', ...navigator.languages]
    const speak = (): string => speakOne(languages)
    if (service === null || pollId === '') {
      speak()
      return render(<p class="message">{say('embed.no_poll')}</p>, this.#root)
    }
    const source = { service, pollId, hostToken }
    // Another poll, or another visitor, has nothing in common with this one.
    const key = JSON.stringify(source)
    render(<EmbeddedPoll key={key} source={source} heading={heading} tell={this.#tell} speak={speak} />, this.#root)
  }

  #dispatch(type: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }))
  }
}

/** Makes the element known to the page, once, however often the script is there. */
export function definePollElement(surroundings: Surroundings): void {
  if (customElements.get(name) !== undefined) return
  PollElement.surroundings = surroundings
  customElements.define(name, PollElement)
}

/** The address in the form that names the service in storage too; null where it is none. */
function serviceAt(given: string | null): string | null {
  if (given === null) return null
  try {
    const { protocol, origin, pathname } = new URL(given, document.baseURI)
    return /^https?:$/.test(protocol) ? `${origin}${pathname.replace(/\/+$/, '')}` : null
  } catch {
    return null
  }
}
