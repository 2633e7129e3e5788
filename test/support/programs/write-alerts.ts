// npm run gen:alerts: the rules of Prometheus once more, as its operator takes them.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asPrometheusRule } from '../prometheus-rule.ts'

const deploy = join(import.meta.dirname, '../../../deploy')

const rules = readFileSync(join(deploy, 'prometheus/alerts.yml'), 'utf8')
writeFileSync(join(deploy, 'kubernetes/components/monitoring/rules.yaml'), asPrometheusRule(rules))
