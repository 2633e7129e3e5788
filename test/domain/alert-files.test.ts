import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readPanels } from '../support/grafana.ts'
import { readRules } from '../support/prometheus.ts'
import { asPrometheusRule } from '../support/prometheus-rule.ts'
import { metricsIn } from '../support/promql.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const rules = readRules(read('deploy/prometheus/alerts.yml'))
const [, runbook = ''] = read('docs/operations.md').split('\n## Alerts\n')

test.each(rules)('$alert says how urgent it is, what has happened and where to read on', ({ labels, annotations }) => {
  expect(['page', 'ticket']).toContain(labels['severity'])
  expect(annotations).toEqual({
    summary: expect.stringMatching(/^[A-Z].*[^.]$/),
    description: expect.stringMatching(/\.$/),
    runbook: 'docs/operations.md#alerts',
  })
})

test('the Prometheus operator is given the same rules', () => {
  const given = read('deploy/kubernetes/components/monitoring/rules.yaml')
  expect(given).toBe(asPrometheusRule(read('deploy/prometheus/alerts.yml')))
  expect(parse(given)).toMatchObject({ kind: 'PrometheusRule', spec: parse(read('deploy/prometheus/alerts.yml')) })
})

test.each(rules)('$alert puts nothing together that is of several installations', ({ expr }) => {
  expect(expr.match(/\b(?:avg|count|group|max|min|sum)\b(?! by \(namespace\b).*/g)).toBeNull()
})

test('the page for operators says of each alert what to do, and of no other, in the order of the rules', () => {
  const lines = [...runbook.split('\n## ')[0]!.matchAll(/^\| `(Tallycast\w+)` +\| .+\S +\| .+\S +\|$/gm)]
  expect(lines.map(([, alert]) => alert)).toEqual(rules.map(({ alert }) => alert))
})

test('the dashboard has a row for each part, and each panel asks something and says what it shows', () => {
  const { rows, panels } = readPanels(read('deploy/grafana/tallycast.json'))
  expect(rows).toEqual(['Votes', 'Worker', 'Viewers', 'Stores', 'Processes'])
  expect(panels.filter(({ title, queries }) => title === '' || queries.length === 0)).toEqual([])
})

test('each panel is of the installation that is chosen', () => {
  const { panels } = readPanels(read('deploy/grafana/tallycast.json'))
  const unbound = panels.flatMap(({ queries }) =>
    queries.flatMap((query) => metricsIn(query).filter((name) => !query.includes(`${name}{namespace=~".*"`))),
  )
  expect(unbound).toEqual([])
})

test('what an alert asks is on the dashboard', () => {
  const { panels } = readPanels(read('deploy/grafana/tallycast.json'))
  const shown = new Set(panels.flatMap(({ queries }) => queries.flatMap(metricsIn)))
  const asked = new Set(rules.flatMap(({ expr }) => metricsIn(expr)))
  expect([...asked].filter((name) => !shown.has(name))).toEqual([])
})
