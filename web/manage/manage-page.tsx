import { say } from '../i18n/say.ts'
import { AskForToken } from './ask-for-token.tsx'
import { Gone, Heading } from './heading.tsx'
import { Managed } from './managed.tsx'
import { useAccess } from './use-access.ts'

type Props = {
  readonly pollId: string
  readonly question: string
  /** What links for other people begin with. */
  readonly base: string
  readonly given: string | null
}

/** Where whoever has the manage token opens, edits, exports and ends a poll. Everybody else is asked for the link. */
export function ManagePage({ pollId, question, base, given }: Props) {
  const { access, enter, disown } = useAccess(pollId, given)
  switch (access.is) {
    case 'granted':
      return (
        <Managed
          pollId={pollId}
          question={question}
          base={base}
          token={access.token}
          isEntered={access.isEntered}
          onRefused={disown}
        />
      )
    case 'no_poll':
      return <Gone />
    case 'checking':
      return (
        <Heading question={question}>
          <p class="soft" role="status">
            {say('manage.checking')}
          </p>
        </Heading>
      )
    case 'absent':
    case 'refused':
      return (
        <Heading question={question}>
          <AskForToken pollId={pollId} isRefused={access.is === 'refused'} onToken={enter} />
        </Heading>
      )
  }
}
