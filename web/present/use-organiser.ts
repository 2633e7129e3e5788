import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Message } from '../i18n/say.ts'
import { forgetToken } from '../organiser/manage-token.ts'
import { tellError } from '../organiser/tell-error.ts'
import { canBeToken } from '../organiser/token-form.ts'
import { isRefusal, tryToken } from '../organiser/try-token.ts'
import { createFreshClient } from '../follow/fresh-client.ts'

export type Organiser = {
  /** Null for everybody who is not the organiser. */
  readonly token: string | null
  readonly run: (step: 'open' | 'close') => Promise<void>
  /** What is being done, or why it was not. */
  readonly said: Message | null
}

const doing = { open: ['present.opening_now'], close: ['present.closing_now'] } as const satisfies Record<
  string,
  Message
>

/** What whoever came with the manage token can do here. A token of something else is forgotten, and that is said. */
export function useOrganiser(pollId: string, given: string | null): Organiser {
  const client = useMemo(() => createFreshClient(null), [])
  const [token, setToken] = useState(given)
  const [said, setSaid] = useState<Message | null>(null)

  function disown(): void {
    forgetToken(pollId)
    setToken(null)
    setSaid(['present.not_yours'])
  }

  useEffect(() => {
    if (given === null) return
    if (!canBeToken(given)) return disown()
    tryToken(pollId, given).then(
      (outcome) => outcome === 'refused' && disown(),
      // Without an answer it is believed until it is used.
      () => {},
    )
  }, [])

  async function run(step: 'open' | 'close'): Promise<void> {
    if (token === null) return
    setSaid(doing[step])
    try {
      await client[step](pollId, { token })
      setSaid(null)
    } catch (error) {
      if (isRefusal(error)) disown()
      else setSaid(tellError(error))
    }
  }

  return { token, run, said }
}
