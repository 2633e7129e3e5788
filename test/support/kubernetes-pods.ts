/** Of the manifests what the tests look at, whose schemas are held against them apart. */
export type Labels = Readonly<Record<string, string>>
type Probe = {
  readonly httpGet: { readonly path: string; readonly port: string }
  readonly timeoutSeconds?: number
  readonly failureThreshold?: number
}
type SecurityContext = Readonly<Record<string, unknown>>
type Container = {
  readonly image: string
  readonly command: readonly string[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly envFrom?: readonly object[]
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } }
  readonly securityContext: SecurityContext
  readonly resources: { readonly limits: object; readonly requests: object }
}
type PodTemplate = {
  readonly metadata: { readonly labels: Labels }
  readonly spec: {
    readonly containers: readonly Container[]
    readonly securityContext: SecurityContext
    readonly automountServiceAccountToken: boolean
    readonly terminationGracePeriodSeconds?: number
  }
}
export type Selector = { readonly matchLabels: Labels }
export type Port = string | number

/** What a manifest says, of whatever kind it is: each kind has some of these. */
export type Spec = {
  readonly template: PodTemplate
  readonly selector: Selector
  readonly ports: readonly { readonly port: number; readonly targetPort: Port }[]
  readonly podSelector: Selector
  readonly policyTypes: readonly string[]
  readonly ingress?: readonly {
    readonly from: readonly object[]
    readonly ports: readonly { readonly port: Port }[]
  }[]
  readonly scaleTargetRef: { readonly name: string }
  readonly jobLabel: string
  readonly podMetricsEndpoints: readonly { readonly port: Port }[]
  readonly maxReplicaCount: number
  readonly replicas?: number
  readonly triggers: readonly { readonly type: string; readonly metadata: Labels }[]
  readonly rules: readonly {
    readonly timeouts: Labels
    readonly backendRefs: readonly { readonly name: string; readonly port: number }[]
  }[]
}
