import type { TallyMessage } from '../../contract/messages.ts'
import type { Client } from '../../client/src/client.ts'
import { spaceOf } from '../../src/terminal/space.ts'
import { createCommand, type World } from './command.ts'
import { exitCodesText } from './exit-codes.ts'
import { followPoll } from './follow-poll.ts'
import { organiserText, urlText, voterText } from './place.ts'
import { readSeen, type Seen } from './seen.ts'
import { Trouble } from './trouble.ts'
import { createBarsView, createLinesView, type WatchView, writeJson, writeLine } from './watch-view.ts'

const usage = `Shows a poll's results as they come, until the result is final or Ctrl-C ends it (exit status 130).

  tallycast watch <poll>   its id or its link

  --json                   each update as one line of JSON, as the service sends it
${urlText}
${organiserText}
${voterText}

In a terminal: bars, as wide as the window; without colours where NO_COLOR is set. Elsewhere: a line for each update.
A connection that is lost is made again. Who may see hidden results shows a token.
${exitCodesText}`

export const watch = createCommand({
  name: 'watch',
  usage,
  read: readSeen,
  async act(asked, client, world) {
    const last = await show(asked, client, world)
    world.signal.throwIfAborted()
    if (last?.results_final === true) return
    // Why the service wants nothing of it any more is told to whoever asks.
    await client.get(asked.poll.id, { signal: world.signal })
    throw new Trouble('The service has ended this watch.')
  },
})

/** Resolves with the last state of the poll, when it has been shown. */
async function show({ poll: { id }, isJson }: Seen, client: Client, world: World): Promise<TallyMessage | null> {
  const { stdout, signal } = world
  let poll = await client.get(id, { signal })
  let newest: TallyMessage | null = null
  let showing = Promise.resolve()
  const view = createView(world, isJson)

  async function showInTurn(tally: TallyMessage): Promise<void> {
    // Each is the whole state: what was overtaken while texts were read need not be shown.
    if (tally !== newest) return
    // With the old texts a poll can still be watched; the watch finds out by itself when it is gone.
    if (tally.revision > poll.revision) poll = await client.get(id, { signal }).catch(() => poll)
    view.showTally(tally, poll)
  }

  stdout.on('resize', view.redraw)
  try {
    await followPoll(
      client,
      id,
      {
        onTally(tally) {
          newest = tally
          if (isJson) view.showTally(tally, poll)
          else showing = showing.then(() => showInTurn(tally))
        },
        onStatus: view.showStatus,
      },
      signal,
    )
    await showing
  } finally {
    stdout.off('resize', view.redraw)
  }
  return newest
}

function createView(world: World, isJson: boolean): WatchView {
  if (isJson) return createLinesView(world, writeJson)
  return spaceOf(world.stdout, world.environment).isLive
    ? createBarsView(world.stdout)
    : createLinesView(world, writeLine)
}
