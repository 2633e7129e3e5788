import { useState } from 'preact/hooks'
import type { Client, CreatedPoll } from '../../client/src/index.ts'
import { type Message, say } from '../i18n/say.ts'
import { describeFault } from './describe-fault.ts'

export type CodesProps = { readonly client: Pick<Client, 'createCodes'>; readonly poll: CreatedPoll }

/** As the service has it for one call. */
const codesMax = 10_000

/** So long a browser may take to begin with a file that it was handed. */
const handedMs = 60_000

/** Voting codes for a poll that asks for them: made as often as wanted, each time a file. The service tells them this once, so the page keeps them. */
export function Codes({ client, poll }: CodesProps) {
  const [count, setCount] = useState('100')
  const [codes, setCodes] = useState<readonly string[]>([])
  const [said, setSaid] = useState<Message>(['create.codes_hint'])
  const [isSending, setIsSending] = useState(false)
  const name = `voting-codes-${poll.id}.csv`

  async function make(): Promise<void> {
    if (isSending) return
    const wanted = Number(count)
    if (!Number.isInteger(wanted) || wanted < 1 || wanted > codesMax)
      return setSaid(['create.codes_count', { least: 1, most: codesMax }])
    setIsSending(true)
    try {
      const made = await client.createCodes(poll.id, wanted, { token: poll.manage_token })
      save(name, made)
      setCodes(made)
      setSaid(['create.codes_made', { count: made.length }])
    } catch (error) {
      setSaid(describeFault(error))
    }
    setIsSending(false)
  }

  return (
    <div class="link">
      <label>
        <span>{say('create.codes_title')}</span>
        <input
          type="number"
          min={1}
          max={codesMax}
          value={count}
          onInput={({ currentTarget: { value } }) => setCount(value)}
        />
      </label>
      <div class="beside">
        <button type="button" aria-disabled={isSending} onClick={() => void make()}>
          {say('create.codes_make')}
        </button>
        {codes.length > 0 && (
          <button type="button" class="quiet" onClick={() => save(name, codes)}>
            {say('create.codes_save_again')}
          </button>
        )}
      </div>
      <p class="hint" role="status">
        {say(...said)}
      </p>
    </div>
  )
}

/** Hands a file to the browser. */
function save(name: string, codes: readonly string[]): void {
  const lines = ['code', ...codes].map((line) => `${line}\r\n`)
  const url = URL.createObjectURL(new Blob(lines, { type: 'text/csv' }))
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), handedMs)
}
