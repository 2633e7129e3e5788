const head = `# Made of deploy/prometheus/alerts.yml, where the reasons stand: npm run gen:alerts
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: tallycast
  labels:
    app.kubernetes.io/name: tallycast
spec:
`

/** The rules of a file, word for word, as the Prometheus operator takes them. */
export const asPrometheusRule = (rules: string): string => {
  const [, groups = ''] = rules.split(/^(?=groups:$)/m)
  return `${head}${groups.replaceAll(/^(?=.)/gm, '  ')}`
}
