import { useEffect, useState } from 'preact/hooks'
import { forgetToken, keepToken } from '../organiser/manage-token.ts'
import { canBeToken } from '../organiser/token-form.ts'
import { tryToken } from '../organiser/try-token.ts'

/** Whether whoever is here may manage the poll, as far as is known. */
export type Access =
  | { readonly is: 'absent' | 'checking' | 'refused' | 'no_poll' }
  | { readonly is: 'granted'; readonly token: string; readonly isEntered: boolean }

export type UseAccess = {
  readonly access: Access
  /** Tries a token that was pasted, and keeps it where it is good. */
  readonly enter: (token: string) => void
  /** The service has said that the token is none of this poll. */
  readonly disown: () => void
}

/** A token is tried once, before anything is offered. Where no answer comes it is believed until it is used. */
export function useAccess(pollId: string, given: string | null): UseAccess {
  const [access, setAccess] = useState<Access>({ is: given === null ? 'absent' : 'checking' })

  function disown(): void {
    forgetToken(pollId)
    setAccess({ is: 'refused' })
  }

  function attempt(token: string, isEntered: boolean): void {
    if (!canBeToken(token)) return disown()
    const grant = (): void => {
      keepToken(pollId, token)
      setAccess({ is: 'granted', token, isEntered })
    }
    setAccess({ is: 'checking' })
    tryToken(pollId, token).then((outcome) => {
      if (outcome === 'refused') disown()
      else if (outcome === 'good') grant()
      else {
        forgetToken(pollId)
        setAccess({ is: 'no_poll' })
      }
    }, grant)
  }

  useEffect(() => {
    if (given !== null) attempt(given, false)
  }, [])

  return { access, enter: (token) => attempt(token, true), disown }
}
