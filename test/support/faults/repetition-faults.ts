import { type Fault, moreAccepted } from '../fault-case.ts'
import { sumMetric } from '../sum-metric.ts'

const votes = 2_500

/** Needs the repeating worker and api, which do it all the time. */
export const repeatEverything: Fault = {
  fact: 'calls to the door and commits that are repeated twice, and news and cached tallies that come again late and in any order, have no effect',
  async inject({ system, load }) {
    await moreAccepted(load, votes)
    const { apis, workers } = system
    const differing =
      (await sumMetric(apis, 'test_repeated_otherwise_total')) +
      (await sumMetric(workers, 'test_repeated_otherwise_total'))
    if (differing > 0) throw new Error(`${differing} repetitions had an effect`)
    return {
      'calls to the door repeated': await sumMetric(apis, 'test_calls_repeated_total'),
      'commits repeated': await sumMetric(workers, 'test_commits_repeated_total'),
      'tallies told again': await sumMetric(workers, 'test_tallies_told_again_total'),
      'of them older ones': await sumMetric(workers, 'test_older_tallies_told_total'),
    }
  },
}
