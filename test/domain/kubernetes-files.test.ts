import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type Kustomization,
  type Manifest,
  missingFiles,
  readGeneratedConfig,
  readKustomizations,
  readManifests,
  schemaProblems,
} from '../support/kubernetes-files.ts'
import type { Labels, Port, Selector, Spec } from '../support/kubernetes-pods.ts'
import { metricsIn } from '../support/promql.ts'
import { connectionsOf } from '../support/connections-of.ts'
import { readConfig } from '../../src/runtime/config.ts'

const read = (name: string): string => readFileSync(join(import.meta.dirname, '../..', name), 'utf8')

const manifests = readManifests()
/** The schemas are held against it; here its parts are only picked out. */
const specOf = (manifest: Manifest): Spec => manifest['spec'] as Spec
const ofKind = (kind: string): readonly Manifest[] => manifests.filter((manifest) => manifest.kind === kind)
const nameOf = ({ metadata }: Manifest): string => metadata.name

const config: Labels = readGeneratedConfig()
const deployments = ofKind('Deployment')
const podTemplates = [...deployments, ...ofKind('Job')].map((manifest) => ({
  name: nameOf(manifest),
  template: specOf(manifest).template,
}))
const containers = podTemplates.map(({ name, template }) => {
  const [container, ...others] = template.spec.containers
  if (container === undefined || others.length > 0) throw new Error(`${name} has another number of containers than one`)
  return { name, container }
})

/** The pods that a selector finds. */
const selected = ({ matchLabels }: Selector): readonly (typeof podTemplates)[number][] =>
  podTemplates.filter(({ template }) =>
    Object.entries(matchLabels).every(([label, value]) => template.metadata.labels[label] === value),
  )
const portsOf = (name: string): readonly Port[] =>
  containers
    .filter((one) => one.name === name)
    .flatMap(({ container }) => (container.ports ?? []).flatMap((port) => [port.name, port.containerPort]))

describe('the files for Kubernetes', () => {
  test('all keep to the schema of their kind', () => {
    expect(manifests.length).toBeGreaterThan(15)
    expect(manifests.flatMap(schemaProblems)).toEqual([])
  })

  test.each([
    ['a port that is a text', 'Deployment', (spec: object) => ({ ...spec, replicas: '2' }), 'must be integer'],
    ['a budget of nothing that exists', 'PodDisruptionBudget', () => ({ maxUnavailable: [] }), 'maxUnavailable'],
    ['a policy without pods', 'NetworkPolicy', () => ({ podSelector: 'all' }), 'podSelector'],
    ['a trigger without a type', 'ScaledObject', (spec: object) => ({ ...spec, triggers: [{}] }), 'type'],
    ['a monitor of no pods', 'PodMonitor', () => ({ podMetricsEndpoints: [] }), 'selector'],
    ['a rule that asks nothing', 'PrometheusRule', () => ({ groups: [{ name: 'a', rules: [{}] }] }), 'expr'],
  ])('one with %s is refused', (_what, kind, breakIt, told) => {
    // There is one of each kind.
    const whole = ofKind(kind)[0]!
    const problems = schemaProblems({ ...whole, spec: breakIt(specOf(whole)) })
    expect(problems.join('\n')).toContain(told)
  })

  test('one of another version of its kind, or of none that is known, is refused', () => {
    const whole = deployments[0]!
    expect(schemaProblems({ ...whole, apiVersion: 'apps/v1beta1' })).toEqual([expect.stringContaining('apps/v1')])
    expect(schemaProblems({ ...whole, kind: 'Deploiment' })).toEqual([expect.stringContaining('Deploiment')])
  })

  test('a kustomization names what is there, and every file is named by one', () => {
    const kustomizations = readKustomizations()
    expect(kustomizations.flatMap(missingFiles)).toEqual([])
    const named = ({ path, resources = [] }: Kustomization): readonly string[] =>
      resources.map((name) => join(path, '..', name))
    expect(new Set(kustomizations.flatMap(named))).toEqual(
      new Set([...manifests.map(({ path }) => path), 'overlays/example/../../base'].map((path) => join(path))),
    )
    const [first] = kustomizations
    expect(missingFiles({ ...first!, resources: ['forgotten.yaml'] })).toEqual(['forgotten.yaml'])
  })
})

describe('what they say to the processes', () => {
  test('every variable is one that the configuration knows', () => {
    const known = new Set([...read('.env.example').matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name))
    const given = containers.flatMap(({ container }) => (container.env ?? []).map(({ name }) => name))
    expect([...Object.keys(config), ...given].filter((name) => !known.has(name))).toEqual([])
  })

  test.each(['api', 'worker', 'admin', 'migrate'] as const)('%s starts with what it is given', (role) => {
    const { container } = containers.find(({ name }) => name === `tallycast-${role}`)!
    expect(container.command).toEqual(['node', `src/main/${role}.ts`])
    const secrets: Labels = {
      DATABASE_URL: 'postgres://tallycast:secret@db.example.org/tallycast',
      REDIS_URL: 'redis://redis.example.org',
      ADMIN_TOKEN: 'some-long-random-token',
    }
    const named = (container.env ?? []).map(({ name, value }) => [name, value ?? secrets[name] ?? ''])
    const own: Labels = container.envFrom === undefined ? Object.fromEntries(named) : { ...config, ...secrets }
    expect(() => readConfig(own, role)).not.toThrow()
  })

  test('no secret stands in a file', () => {
    expect(ofKind('Secret')).toEqual([])
    const values = containers.flatMap(({ container }) =>
      (container.env ?? []).filter(({ value }) => value !== undefined),
    )
    expect(values).toEqual([])
    expect(Object.keys(config).filter((name) => /TOKEN|SECRET|PASSWORD|DATABASE_URL|REDIS_URL/.test(name))).toEqual([])
  })

  test('their ports are those that the processes listen on', () => {
    expect(portsOf('tallycast-api')).toEqual(['http', Number(config['PORT']), 'ops', Number(config['OPS_PORT'])])
    expect(portsOf('tallycast-admin')).toEqual(['grpc', Number(config['GRPC_PORT']), 'ops', Number(config['OPS_PORT'])])
    expect(portsOf('tallycast-worker')).toEqual(['ops', Number(config['OPS_PORT'])])
  })

  test('probes ask what is answered, readiness for readiness and liveness for life', () => {
    const answered = [...read('src/runtime/ops-server.ts').matchAll(/case '(\/health\/[^']+)'/g)].map(
      ([, path]) => path,
    )
    expect(answered).toEqual(['/health/live', '/health/ready'])
    for (const { container } of containers.filter((one) => one.name !== 'tallycast-migrate')) {
      const { startupProbe, readinessProbe, livenessProbe } = container
      const asked = [startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.httpGet)
      const at = (path: string) => ({ path, port: 'ops' })
      expect(asked).toEqual(['/health/ready', '/health/ready', '/health/live'].map(at))
      for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
        expect(probe?.timeoutSeconds).toBe(5)
        expect(probe?.failureThreshold).toBeGreaterThanOrEqual(3)
      }
    }
  })

  test('the processes take every secret that there is, and all of them the same generated configuration', () => {
    for (const { name, container } of containers) {
      const all = [{ configMapRef: { name: 'tallycast' } }, { secretRef: { name: 'tallycast' } }]
      // A Job of the same tag must not differ, so no setting may be in it.
      expect(container.envFrom).toEqual(name === 'tallycast-migrate' ? undefined : all)
    }
    const generated = readKustomizations().flatMap(({ configMapGenerator = [] }) => configMapGenerator)
    expect(generated).toEqual([
      { name: 'tallycast', envs: ['config.env'] },
      { name: 'tallycast', behavior: 'merge', envs: ['config.env'] },
    ])
  })

  test('the connections that all of them may open to PostgreSQL are as many as the configuration says', () => {
    const env = {
      ...config,
      DATABASE_URL: 'postgres://db.example.org/tallycast',
      REDIS_URL: 'redis://redis.example.org',
    }
    const [apisMax, workersMax] = ofKind('ScaledObject').map((one) => specOf(one).maxReplicaCount)
    const admins = specOf(deployments.find((one) => nameOf(one) === 'tallycast-admin')!).replicas
    const sum =
      (Number(apisMax) + 1) * connectionsOf('api', env) +
      (Number(workersMax) + 1) * connectionsOf('worker', env) +
      (Number(admins) + 1) * connectionsOf('admin', env)
    expect(read('deploy/kubernetes/base/config.env')).toContain(` = ${sum}.`)
  })

  test('an api and an admin that are to stop serve on until nobody is led to them any more', () => {
    const pauses = podTemplates.map(({ name, template }) => [
      name,
      template.spec.containers[0]?.lifecycle?.preStop.sleep.seconds,
    ])
    expect(Object.fromEntries(pauses)).toMatchObject({ 'tallycast-api': 10, 'tallycast-admin': 5 })
  })

  test('a pod has the time that its process takes to stop', () => {
    const stopsWithin = Number(config['SHUTDOWN_TIMEOUT_MS']) / 1000
    for (const { template } of podTemplates.filter((one) => one.name !== 'tallycast-migrate')) {
      const pause = template.spec.containers[0]?.lifecycle?.preStop.sleep.seconds ?? 0
      expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(pause + stopsWithin)
    }
  })

  test('nobody is root, and nothing of the image can be written', () => {
    for (const { template } of podTemplates) {
      expect(template.spec.automountServiceAccountToken).toBe(false)
      expect(template.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(template.spec.containers[0]?.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(template.spec.containers[0]?.resources).toMatchObject({
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      })
    }
  })
})

describe('what they say of each other', () => {
  test('every selector finds its pods, and no others', () => {
    for (const manifest of [...deployments, ...ofKind('PodDisruptionBudget')]) {
      const found = selected(specOf(manifest).selector)
      expect(found.map(({ name }) => name)).toEqual([nameOf(manifest)])
    }
    for (const service of ofKind('Service')) {
      const { selector, ports } = specOf(service)
      // Here it is the labels themselves.
      expect(selected({ matchLabels: selector as unknown as Labels }).map(({ name }) => name)).toEqual([
        nameOf(service),
      ])
      for (const { targetPort } of ports) expect(portsOf(nameOf(service))).toContain(targetPort)
    }
  })

  test('an api finds the admin at the name and port that its service has', () => {
    const [host, port] = (config['ADMIN_GRPC_URL'] ?? '').split(':')
    const service = ofKind('Service').find((one) => nameOf(one) === host)
    expect(specOf(service!).ports).toEqual([expect.objectContaining({ port: Number(port) })])
  })

  test('nobody gets in but where a policy says so, and a policy opens ports that there are', () => {
    const policies = ofKind('NetworkPolicy').map((one) => specOf(one))
    const closed = policies.filter(({ policyTypes, ingress }) => policyTypes.includes('Ingress') && !ingress)
    expect(closed.flatMap(({ podSelector }) => selected(podSelector))).toEqual(podTemplates)
    const opened = policies.flatMap(({ podSelector, ingress = [] }) =>
      ingress.flatMap(({ from, ports }) => {
        expect(from.length).toBeGreaterThan(0)
        return ports.map(({ port }) => ({ port, of: selected(podSelector).map(({ name }) => name) }))
      }),
    )
    for (const { port, of } of opened) expect(of.flatMap(portsOf)).toContain(port)
    expect(new Set(opened.map(({ port }) => port))).toEqual(new Set([9464, 'grpc', 'http']))
  })

  test('what is scaled exists, by metrics that exist, and workers no further than there are partitions', () => {
    const metrics = ['metrics', 'backlog-metrics'].map((name) => read(`src/runtime/${name}.ts`)).join('')
    const scaled = ofKind('ScaledObject').map((one) => specOf(one))
    expect(scaled.map(({ scaleTargetRef }) => scaleTargetRef.name)).toEqual(['tallycast-api', 'tallycast-worker'])
    for (const { triggers } of scaled) {
      for (const { metadata } of triggers.filter(({ type }) => type === 'prometheus')) {
        const asked = metricsIn(metadata['query'] ?? '')
        expect(asked).toHaveLength(1)
        expect(metrics).toContain(`name: '${asked[0]}'`)
        // The overlay puts its namespace between the first quotes.
        expect(metadata['query']).toMatch(/^\w+\(\w+\{namespace="tallycast"\}\)/)
      }
    }
    expect(scaled[1]?.maxReplicaCount).toBe(Number(config['VOTE_PARTITIONS']))
  })

  test('Prometheus looks at every process, under the job that the alerts ask for, and not at the migration', () => {
    const [monitor] = ofKind('PodMonitor').map((one) => specOf(one))
    const [endpoint, ...others] = monitor?.podMetricsEndpoints ?? []
    expect(others).toEqual([])
    const found = selected(monitor!.selector).filter(({ name }) => portsOf(name).includes(endpoint!.port))
    expect(found.map(({ name }) => name)).toEqual(deployments.map(nameOf))
    for (const { template } of found) expect(template.metadata.labels[monitor!.jobLabel]).toBe('tallycast')
  })

  test('the way in leads to a service that exists, and ends no stream', () => {
    const [route] = ofKind('HTTPRoute').map((one) => specOf(one))
    for (const { timeouts, backendRefs } of route?.rules ?? []) {
      expect(timeouts).toEqual({ request: '0s', backendRequest: '0s' })
      expect(backendRefs.map(({ name, port }) => `${name}:${port}`)).toEqual(['tallycast-api:80'])
    }
  })
})
