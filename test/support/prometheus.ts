import { parse, stringify } from 'yaml'
import { providePrometheus } from './debian-tools.ts'
import { findFreePorts } from './free-ports.ts'
import { startOtherServer } from './other-server.ts'
import type { Member } from './system.ts'
import { waitUntil } from './wait-until.ts'

const readyWithinMs = 15_000

export type AlertRule = {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

type RuleFile = { readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[] }

/** The rules of a file as they are written. */
export const readRules = (text: string): readonly AlertRule[] =>
  // What promtool takes for rules has this form.
  (parse(text) as RuleFile).groups.flatMap(({ rules }) => rules)

export type Prometheus = {
  /** The alerts that fire now, by name. */
  readonly firing: () => Promise<readonly string[]>
  /** How many series the answer to this question has now. */
  readonly seriesOf: (expr: string) => Promise<number>
  readonly stop: () => Promise<void>
}

/**
 * A Prometheus that has seen nothing before. It looks at these processes twice a second, and raises each alert as soon as what it asks for is so: how
 * long that must last is promtool's to judge, in a time of its own.
 */
export const startPrometheus = async (members: readonly Member[], rules: string): Promise<Prometheus> => {
  const [port = 0] = await findFreePorts(1)
  const targets = members.map(({ opsUrl }) => new URL(opsUrl).host)
  const every = { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' }
  const config = {
    global: every,
    rule_files: ['alerts.yml'],
    scrape_configs: [{ job_name: 'tallycast', static_configs: [{ targets }] }],
  }
  const files = { 'prometheus.yml': stringify(config), 'alerts.yml': stringify(atOnce(rules)) }
  const server = startOtherServer(await providePrometheus(), files, (folder) => [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ])
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    if (!answer.ok) throw new Error(`Prometheus answered ${answer.status}: ${await answer.text()}`)
    // Its API wraps every answer in this.
    return ((await answer.json()) as { readonly data: unknown }).data
  }
  try {
    const isReady = async (): Promise<boolean> => {
      if (!server.isRunning()) throw new Error(`Prometheus ended:\n${server.output()}`)
      return (await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => null))?.ok === true
    }
    await waitUntil(isReady, { withinMs: readyWithinMs, what: 'Prometheus is ready' })
  } catch (fault) {
    await server.stop()
    throw fault
  }
  return {
    firing: async () => {
      // As its documentation has it.
      const { alerts } = (await ask('/api/v1/alerts')) as { readonly alerts: readonly ShownAlert[] }
      return alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname)
    },
    seriesOf: async (expr) => {
      const found = await ask(`/api/v1/query?query=${encodeURIComponent(expr)}`)
      return (found as { readonly result: readonly unknown[] }).result.length
    },
    stop: server.stop,
  }
}

type ShownAlert = { readonly state: string; readonly labels: { readonly alertname: string } }

const atOnce = (text: string): RuleFile => {
  // As above.
  const { groups } = parse(text) as RuleFile
  return { groups: groups.map((group) => ({ ...group, rules: group.rules.map((rule) => ({ ...rule, for: '0s' })) })) }
}
