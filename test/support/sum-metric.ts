import type { Member } from './system.ts'

type Measured = Pick<Member, 'opsUrl'>

/** A metric as it is now, summed over processes and labels; only where it has this label (`cause="too_slow"`), if one is given. */
export const sumMetric = async (members: readonly Measured[], name: string, label = ''): Promise<number> => {
  const values = await Promise.all(members.map(async (member) => readMetric(member, name, label)))
  return values.reduce((sum, value) => sum + value, 0)
}

/** How long event loops stood still at the most since this was last asked, in milliseconds. */
export const longestBlockMs = async (members: readonly Measured[]): Promise<number> => {
  const seconds = await Promise.all(
    members.map(async (member) => readMetric(member, 'nodejs_eventloop_lag_max_seconds')),
  )
  return Math.round(Math.max(...seconds) * 1000)
}

/** 0 where it has none of this name. */
const readMetric = async ({ opsUrl }: Measured, name: string, label = ''): Promise<number> => {
  const answer = await fetch(`${opsUrl}/metrics`)
  const lines = (await answer.text()).split('\n')
  return lines
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter((line) => line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}
