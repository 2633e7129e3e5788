import { useState } from 'preact/hooks'
import type { Client } from '../../client/src/index.ts'
import { type Message, say } from '../i18n/say.ts'
import { saveFile } from './save-file.ts'

type Props = {
  readonly client: Pick<Client, 'createCodes'>
  readonly pollId: string
  readonly token: string
  /** What went wrong, for the person who sees it. */
  readonly describe: (error: unknown) => Message
}

/** As the service has it for one call. */
const codesMax = 10_000

/** Voting codes for a poll that asks for them: made as often as wanted, each time a file. The service tells them this once, so the page keeps them. */
export function Codes({ client, pollId, token, describe }: Props) {
  const [count, setCount] = useState('100')
  const [codes, setCodes] = useState<readonly string[]>([])
  const [said, setSaid] = useState<Message>(['create.codes_hint'])
  const [isSending, setIsSending] = useState(false)
  const name = `voting-codes-${pollId}.csv`

  async function make(): Promise<void> {
    if (isSending) return
    const wanted = Number(count)
    if (!Number.isInteger(wanted) || wanted < 1 || wanted > codesMax)
      return setSaid(['create.codes_count', { least: 1, most: codesMax }])
    setIsSending(true)
    try {
      const made = await client.createCodes(pollId, wanted, { token })
      save(name, made)
      setCodes(made)
      setSaid(['create.codes_made', { count: made.length }])
    } catch (error) {
      setSaid(describe(error))
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

function save(name: string, codes: readonly string[]): void {
  const lines = ['code', ...codes].map((line) => `${line}\r\n`)
  saveFile(name, new Blob(lines, { type: 'text/csv' }))
}
