import { useState } from 'preact/hooks'
import type { Client, CreatedPoll } from '../../client/src/index.ts'
import { describeFault } from './describe-fault.ts'

export type CodesProps = { readonly client: Pick<Client, 'createCodes'>; readonly poll: CreatedPoll }

/** As the service has it for one call. */
const codesMax = 10_000

/** Voting codes for a poll that asks for them: made as often as wanted, each time a file, since nobody can be told them again. */
export function Codes({ client, poll }: CodesProps) {
  const [count, setCount] = useState(100)
  const [said, setSaid] = useState('')
  const [isSending, setIsSending] = useState(false)

  async function make(): Promise<void> {
    if (isSending) return
    setIsSending(true)
    try {
      const codes = await client.createCodes(poll.id, count, { token: poll.manage_token })
      save(`voting-codes-${poll.id}.csv`, ['code', ...codes].join('\r\n') + '\r\n')
      setSaid(`${codes.length} codes are in the file. Nobody can be told them again.`)
    } catch (error) {
      setSaid(describeFault(error))
    }
    setIsSending(false)
  }

  return (
    <div class="link">
      <label>
        <span>Voting codes</span>
        <input
          type="number"
          min={1}
          max={codesMax}
          value={count}
          onInput={({ currentTarget: { valueAsNumber } }) => setCount(valueAsNumber)}
        />
      </label>
      <div class="beside">
        <button type="button" aria-disabled={isSending} onClick={() => void make()}>
          Make codes and save them
        </button>
      </div>
      <p class="hint" role="status">
        {said || 'Each lets one person vote once.'}
      </p>
    </div>
  )
}

/** Hands a file to the browser. */
function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  URL.revokeObjectURL(url)
}
