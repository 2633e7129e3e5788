import { say } from '../i18n/say.ts'
import type { Actions } from './use-actions.ts'

/** How it went, for everybody: also read out. Both lines are always there, since what comes with its line is not read out. */
export function Said({ said, problem }: Pick<Actions, 'said' | 'problem'>) {
  return (
    <>
      <p class="said" role="status">
        {said !== null && say(...said)}
      </p>
      <p class="problem" role="alert">
        {problem !== null && say(...problem)}
      </p>
    </>
  )
}
