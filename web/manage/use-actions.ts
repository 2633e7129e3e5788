import { useRef, useState } from 'preact/hooks'
import type { TextKey } from '../i18n/messages.ts'
import type { Message } from '../i18n/say.ts'
import { isRefusal } from '../organiser/try-token.ts'
import { tellError } from '../organiser/tell-error.ts'

/** Something that the service is asked to do, and what is said while it does and once it has. */
export type Action = { readonly doing: TextKey; readonly done: TextKey; readonly run: () => Promise<unknown> }

export type Actions = {
  readonly said: Message | null
  readonly problem: Message | null
  readonly isBusy: boolean
  /** One at a time: pressed again meanwhile it does nothing. */
  readonly act: (action: Action) => Promise<void>
  /** Says what is wrong before anybody is asked. */
  readonly refuse: (problem: Message) => void
}

/** Does what is asked for, and says how it went. A token that the service refuses is told to `onRefused`. */
export function useActions(onRefused: () => void): Actions {
  const [said, setSaid] = useState<Message | null>(null)
  const [problem, setProblem] = useState<Message | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const isRunning = useRef(false)

  async function act({ doing, done, run }: Action): Promise<void> {
    if (isRunning.current) return
    isRunning.current = true
    setIsBusy(true)
    setProblem(null)
    setSaid([doing])
    try {
      await run()
      setSaid([done])
    } catch (error) {
      if (isRefusal(error)) onRefused()
      refuse(tellError(error))
    }
    isRunning.current = false
    setIsBusy(false)
  }

  function refuse(reason: Message): void {
    setSaid(null)
    setProblem(reason)
  }

  return { said, problem, isBusy, act, refuse }
}
