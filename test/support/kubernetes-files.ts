import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseEnv } from 'node:util'
import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1'
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1'
import { PodMonitor, PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import { Deployment } from 'kubernetes-models/apps/v1'
import { Job } from 'kubernetes-models/batch/v1'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { Service } from 'kubernetes-models/v1'
import { parse, parseAllDocuments } from 'yaml'

/** Every kind that the files may have, with the package that knows its schema and its type. */
const kinds = {
  Deployment: { model: Deployment, from: 'kubernetes-models/apps/v1' },
  HTTPRoute: { model: HTTPRoute, from: '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1' },
  Job: { model: Job, from: 'kubernetes-models/batch/v1' },
  NetworkPolicy: { model: NetworkPolicy, from: 'kubernetes-models/networking.k8s.io/v1' },
  PodDisruptionBudget: { model: PodDisruptionBudget, from: 'kubernetes-models/policy/v1' },
  PodMonitor: { model: PodMonitor, from: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1' },
  PrometheusRule: { model: PrometheusRule, from: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1' },
  ScaledObject: { model: ScaledObject, from: '@kubernetes-models/keda/keda.sh/v1alpha1' },
  Service: { model: Service, from: 'kubernetes-models/v1' },
} as const

export const kubernetesFolder = join(import.meta.dirname, '../../deploy/kubernetes')

/** What the files say; their schemas are held against them apart. */
export type Manifest = {
  readonly path: string
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly [field: string]: unknown
}

/** A file that says which others belong together. */
export type Kustomization = {
  readonly path: string
  readonly namespace?: string
  readonly resources?: readonly string[]
  readonly components?: readonly string[]
  readonly configMapGenerator?: readonly {
    readonly name: string
    readonly behavior?: string
    readonly envs: readonly string[]
  }[]
  readonly replacements?: readonly object[]
  readonly patches?: readonly { readonly target: { readonly kind: string }; readonly patch: string }[]
}

export function readManifests(folder = kubernetesFolder): readonly Manifest[] {
  return yamlFiles(folder)
    .filter((path) => !path.endsWith('kustomization.yaml'))
    .flatMap((path) =>
      parseAllDocuments(readFileSync(join(folder, path), 'utf8')).map(
        // The schema says whether it is one.
        (document): Manifest => ({ ...(document.toJS() as Omit<Manifest, 'path'>), path }) as Manifest,
      ),
    )
}

export function readKustomizations(folder = kubernetesFolder): readonly Kustomization[] {
  return yamlFiles(folder)
    .filter((path) => path.endsWith('kustomization.yaml'))
    .map((path) => ({ ...(parse(readFileSync(join(folder, path), 'utf8')) as Omit<Kustomization, 'path'>), path }))
}

/** Files that are named and not there; a folder is one that has a kustomization of its own. */
export function missingFiles({
  path,
  resources = [],
  components = [],
  configMapGenerator = [],
}: Kustomization): readonly string[] {
  const here = join(kubernetesFolder, dirname(path))
  const isThere = (name: string): boolean =>
    /\.(?:yaml|env)$/.test(name) ? existsSync(join(here, name)) : existsSync(join(here, name, 'kustomization.yaml'))
  return [...resources, ...components, ...configMapGenerator.flatMap(({ envs }) => envs)].filter(
    (name) => !isThere(name),
  )
}

/** What the generated ConfigMap gives to all processes: the base's values, and over them the overlay's. */
export function readGeneratedConfig(): Readonly<Record<string, string>> {
  const files = ['base/config.env', 'overlays/example/config.env']
  return Object.assign(
    {},
    ...files.map((path) => parseEnv(readFileSync(join(kubernetesFolder, path), 'utf8'))),
  ) as Readonly<Record<string, string>>
}

function yamlFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.yaml'))
    .toSorted()
}

/** What the JSON schema of its kind refuses. It lets fields pass that it does not know: `writeTyped` is for those. */
export function schemaProblems({ path, ...manifest }: Manifest): readonly string[] {
  const { kind, apiVersion } = manifest
  if (!isKnown(kind)) return [`${path}: no schema of ${kind} is known here`]
  const { model } = kinds[kind]
  if (model.apiVersion !== apiVersion) return [`${path}: ${kind} is of ${model.apiVersion}, not of ${apiVersion}`]
  try {
    // What it says that it is: the constructor takes it as it stands, and validates when it is asked.
    new (model as new (data: unknown) => { validate: () => void })(manifest).validate()
    return []
  } catch (error) {
    return [`${path}: ${manifest.metadata.name}: ${error instanceof Error ? error.message : String(error)}`]
  }
}

/** The manifests as literals of their types, in which the compiler refuses a field that the type does not have. */
export function writeTyped(manifests: readonly Manifest[], folder: string): void {
  mkdirSync(folder, { recursive: true })
  const lines = manifests.flatMap(({ path, ...manifest }, index) => {
    const { kind } = manifest
    const from = isKnown(kind) ? kinds[kind].from : ''
    return [
      `// ${path}`,
      `export const manifest${index}: import('${from}').I${kind} = ${JSON.stringify(manifest, null, 2)}`,
    ]
  })
  writeFileSync(join(folder, 'manifests.ts'), `${lines.join('\n')}\n`)
  const config = {
    extends: relative(folder, join(import.meta.dirname, '../../tsconfig.json')),
    include: ['manifests.ts'],
    compilerOptions: { noEmit: true },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
}

function isKnown(kind: string): kind is keyof typeof kinds {
  return Object.hasOwn(kinds, kind)
}
