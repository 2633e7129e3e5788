import { formatNumber } from '../terminal/format-number.ts'
import { type Audience, createAudience } from './audience.ts'
import { letCrowdVote, Told } from './crowd.ts'
import type { DemoOptions } from './demo-options.ts'
import { chooseOption, createDemoPoll, type DemoPoll, DemoProblem, question } from './demo-poll.ts'
import { type Latencies, sendProbes } from './probe-votes.ts'
import type { Screen } from './screen.ts'
import { describeOutcome, findDifferences, type Outcome, type Voting } from './summary.ts'

const drawEveryMs = 100
const arriveWithinMs = 30_000
const seeFinalWithinMs = 10_000

/** Shows a whole poll, from its creation to the recount. False when something differs in the end. */
export async function runDemo(options: DemoOptions, screen: Screen): Promise<boolean> {
  const poll = await createDemoPoll(options.url)
  screen.print(
    `${formatNumber(options.voters)} voters and ${formatNumber(options.viewers)} viewers come to ${options.url}\n` +
      `Watch and vote along: ${new URL(`/p/${poll.id}`, options.url).href}\n\n${question}`,
  )
  const audience = createAudience(options.url, poll.id, options.viewers)
  try {
    if (!(await audience.allSee(() => true, arriveWithinMs))) {
      throw new DemoProblem(`only ${audience.count(() => true)} of ${audience.size} viewers could connect`)
    }
    const outcome = await vote(options, poll, audience, screen)
    const differences = findDifferences(outcome)
    screen.print(`\n${describeOutcome(outcome, differences)}`)
    return differences.length === 0
  } finally {
    audience.leave()
  }
}

/** Lets everybody vote, with the bars as the first viewer sees them, and closes the poll. */
async function vote(options: DemoOptions, poll: DemoPoll, audience: Audience, screen: Screen): Promise<Outcome> {
  const told = new Told()
  const beganAt = performance.now()
  let voting: Voting | null = null

  const measure = (): Voting => ({ votes: told.acceptedTotal, ms: Math.max(1, performance.now() - beganAt) })
  const draw = (how: 'show' | 'settle'): void => {
    const seen = audience.newest()?.options ?? []
    const bars = poll.options.map(({ id, text }) => ({ text, votes: seen.find((one) => one.id === id)?.votes ?? 0 }))
    screen[how](bars, describeProgress(told, options.voters, voting ?? measure()))
  }
  const letCrowd = async (): Promise<void> => {
    const choose = (): number => chooseOption(poll.options, Math.random())
    const chooseAgain = (optionId: number): number => poll.options.find(({ id }) => id !== optionId)?.id ?? optionId
    await letCrowdVote({ ...options, pollId: poll.id, choose, chooseAgain }, told)
    voting = measure()
  }
  const letProbes = async (): Promise<Latencies> => {
    const optionId = poll.options.at(-1)?.id ?? 0
    return sendProbes({ url: options.url, pollId: poll.id, optionId, goOn: () => voting === null }, audience, told)
  }

  const drawing = setInterval(draw, drawEveryMs, 'show')
  try {
    const [latencies] = await Promise.all([letProbes(), letCrowd()])
    const results = await poll.close()
    await audience.allSee((message) => message.results_final, seeFinalWithinMs)
    draw('settle')
    return { told, results, latencies, viewers: audience.newestOfEach(), voting: voting ?? measure() }
  } finally {
    clearInterval(drawing)
  }
}

function describeProgress(told: Told, voters: number, { votes, ms }: Voting): string {
  const refused = told.refusedTotal === 0 ? '' : ` · ${formatNumber(told.refusedTotal)} second votes refused`
  const voted = `${formatNumber(told.votersDone)} of ${formatNumber(voters)} voters`
  return `  ${voted} · ${formatNumber(told.acceptedTotal)} votes accepted · ${formatNumber((votes / ms) * 1000)} per second${refused}`
}
