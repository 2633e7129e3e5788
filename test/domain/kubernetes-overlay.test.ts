import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { kubernetesFolder, type Manifest, readKustomizations, readManifests } from '../support/kubernetes-files.ts'

const path = 'overlays/example/kustomization.yaml'
const text = readFileSync(join(kubernetesFolder, path), 'utf8')
// It is there, or nothing here holds.
const overlay = readKustomizations().find((one) => one.path === path)!
const manifests = readManifests()
const ofKind = (kind: string): readonly Manifest[] => manifests.filter((manifest) => manifest.kind === kind)

test('names of the gateway, of the host and of Prometheus are written in the overlay', () => {
  const { patches = [] } = overlay
  const patchOf = (kind: string): string =>
    patches.flatMap(({ target, patch }) => (target.kind === kind ? [patch] : [])).join('\n')
  for (const field of ['/spec/parentRefs', '/spec/hostnames'])
    expect(patchOf('HTTPRoute')).toContain(`path: ${field}\n`)
  expect(patchOf('ScaledObject')).toContain('path: /spec/triggers/0/metadata/serverAddress\n')
  for (const { spec } of ofKind('ScaledObject')) expect(spec).toHaveProperty('triggers.0.metadata.serverAddress')
  const foreign = manifests.flatMap((one) => JSON.stringify(one).match(/[\w./:-]*(?:example\.org|\.svc)[\w:]*/g) ?? [])
  expect(new Set(foreign)).toEqual(new Set(['polls.example.org', 'http://prometheus.monitoring.svc:9090']))
  expect(foreign.filter((name) => !text.includes(name))).toEqual([])
})

test('the migration has the tag of its image in its name, and what is scaled asks for its own namespace', () => {
  expect(overlay.replacements).toMatchObject([
    {
      source: { kind: 'Job', name: 'tallycast-migrate', fieldPath: 'spec.template.spec.containers.0.image' },
      targets: [{ select: { kind: 'Job', name: 'tallycast-migrate' }, fieldPaths: ['metadata.name'] }],
    },
    {
      source: { kind: 'Deployment', name: 'tallycast-api', fieldPath: 'metadata.namespace' },
      targets: [{ select: { kind: 'ScaledObject' }, fieldPaths: ['spec.triggers.0.metadata.query'] }],
    },
  ])
})

test('it says where the Secret is to be, and which labels let the gateway and Prometheus in', () => {
  const { namespace } = overlay
  expect(text).toContain(`kubectl --namespace ${namespace} create secret generic tallycast `)
  const access = ofKind('NetworkPolicy').flatMap(
    (one) => /"tallycast\/access":"(\w+)"/.exec(JSON.stringify(one))?.[1] ?? [],
  )
  expect(access).toEqual(['http', 'metrics'])
  for (const value of access)
    expect(text).toMatch(new RegExp(`kubectl label namespace \\w+ tallycast/access=${value}\n`))
})
