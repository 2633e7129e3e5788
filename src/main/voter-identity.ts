import { createSecretKey } from 'node:crypto'
import { type HostKeys, keysBehind, keysHere } from '../adapters/jwt/host-keys.ts'
import { createHostTokens } from '../adapters/jwt/host-tokens.ts'
import { createIdentifyVoter, type IdentifyVoter } from '../application/cast-vote/identify-voter.ts'
import { limitVoters } from '../application/limit-rates/limit-voters.ts'
import type { RequestLimits } from '../application/limit-rates/request-limits.ts'
import type { Config } from '../runtime/config.ts'
import { sleep } from '../runtime/stop-signal.ts'
import type { Adapters } from './adapters.ts'

const refreshMs = 10 * 60_000

type Secrets = Awaited<ReturnType<Adapters['secrets']['read']>>

/** Everything that says who a voter is, as the environment has it. `now` gives milliseconds since 1970. */
export function createVoterIdentity(
  config: Config,
  { voterPepper, service, session }: Secrets,
  requestLimits: RequestLimits,
  now: () => number,
): {
  readonly identifyVoter: IdentifyVoter
  /** Keeps the keys of the host until the signal aborts. */
  readonly run: (report: (fault: unknown) => void, signal: AbortSignal) => Promise<void>
} {
  const keys = createHostKeys(config)
  const { hostTokenAudience: audience, hostTokenIssuer: issuer, hostTokenLifeMaxSeconds: lifeMax } = config
  const hostTokens = keys === null ? null : createHostTokens(keys, { audience, issuer, lifeMax }, now)
  const sessionSecrets = sessionSecretsOf(config, session)
  const identifyVoter = createIdentifyVoter({ voterPepper, sessionSecrets, service }, { hostTokens, now })
  return {
    identifyVoter: limitVoters(identifyVoter, hostTokens, requestLimits),
    run: async (report, signal) => {
      if (keys !== null) await keepFresh(keys, report, signal)
    },
  }
}

/** Those that the environment gives, the newest first; else the one that was made at migration. */
function sessionSecretsOf({ sessionSecrets: given }: Config, own: Uint8Array): readonly Uint8Array[] {
  return given.length === 0 ? [own] : given.map((secret) => Buffer.from(secret))
}

/** The keys of the host whose tokens are believed; null where none is named. */
export function createHostKeys({
  hostTokenJwksUrl: jwksUrl,
  hostTokenPublicKeys: publicKeys,
  hostTokenSecrets: secrets,
}: Config): HostKeys | null {
  if (jwksUrl !== null) return keysBehind(new URL(jwksUrl))
  if (publicKeys.length > 0) return keysHere(publicKeys)
  if (secrets.length === 0) return null
  return keysHere(secrets.map((secret) => ({ algorithm: 'HS256', key: createSecretKey(secret, 'utf8') })))
}

/** Fetches them when it begins, so that no vote has to wait for it, and again every ten minutes. */
async function keepFresh(keys: HostKeys, report: (fault: unknown) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await keys.refresh().catch(report)
    await sleep(refreshMs, signal)
  }
}
