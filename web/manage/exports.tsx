import type { Poll } from '../../client/src/index.ts'
import { say } from '../i18n/say.ts'
import { saveFile } from '../organiser/save-file.ts'
import type { ExportFile, OrganiserCalls } from './organiser-calls.ts'
import { Said } from './said.tsx'
import { useActions } from './use-actions.ts'

type Props = {
  readonly poll: Poll
  readonly calls: Pick<OrganiserCalls, 'fetchFile'>
  readonly onRefused: () => void
}

/** The poll as a file, as its organiser may have it. */
export function Exports({ poll, calls, onRefused }: Props) {
  const { act, isBusy, ...outcome } = useActions(onRefused)
  const isSecret = poll.voter_visibility === 'secret'

  async function fetchFile(file: ExportFile, name: string): Promise<void> {
    const run = async (): Promise<void> => saveFile(name, await calls.fetchFile(file))
    await act({ doing: 'manage.exporting', done: 'manage.exported', run })
  }

  const button = (file: ExportFile, name: string, text: string) => (
    <button type="button" class="quiet" aria-disabled={isBusy} onClick={() => void fetchFile(file, name)}>
      {text}
    </button>
  )
  return (
    <section class="card" aria-labelledby="export">
      <h2 id="export">{say('manage.export')}</h2>
      <div class="stack">
        {button('export.csv', `poll-${poll.id}.csv`, say('manage.export_totals'))}
        {!isSecret && button('export.csv?part=votes', `poll-${poll.id}-votes.csv`, say('manage.export_votes'))}
        {button('export.json', `poll-${poll.id}.json`, say('manage.export_json'))}
      </div>
      {isSecret && <p class="hint">{say('manage.export_secret')}</p>}
      <Said said={outcome.said} problem={outcome.problem} />
    </section>
  )
}
