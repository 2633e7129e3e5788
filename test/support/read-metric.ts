import type { Member } from './system.ts'

/** A metric of a process as it is now, summed over its labels; 0 where it has none of this name. */
export const readMetric = async ({ opsUrl }: Pick<Member, 'opsUrl'>, name: string): Promise<number> => {
  const answer = await fetch(`${opsUrl}/metrics`)
  const lines = (await answer.text()).split('\n')
  return lines
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

/** The same, summed over several processes. */
export const sumMetric = async (members: readonly Pick<Member, 'opsUrl'>[], name: string): Promise<number> => {
  const values = await Promise.all(members.map(async (member) => readMetric(member, name)))
  return values.reduce((sum, value) => sum + value, 0)
}
