import type { PollAdminTls } from '../adapters/grpc/poll-admin.ts'
import type { AdminServerTls } from '../adapters/grpc/server.ts'
import type { Config } from '../runtime/config.ts'
import { ownHost } from '../runtime/lan-url.ts'

/** How gRPC is served; null: in the clear. */
export function servedTls({ grpcTlsCert, grpcTlsKey, grpcTlsClientCa }: Config): AdminServerTls | null {
  if (grpcTlsCert === null || grpcTlsKey === null) return null
  return { certificate: grpcTlsCert, privateKey: grpcTlsKey, clientAuthority: grpcTlsClientCa }
}

/** How the admin role is asked; null: in the clear. */
export function askedTls({ adminGrpcTlsCa, adminGrpcTlsCert, adminGrpcTlsKey }: Config): PollAdminTls | null {
  if (adminGrpcTlsCa === null) return null
  const hasPair = adminGrpcTlsCert !== null && adminGrpcTlsKey !== null
  const shown = hasPair ? { certificate: adminGrpcTlsCert, privateKey: adminGrpcTlsKey } : null
  return { authority: adminGrpcTlsCa, shown }
}

/** Where the admin role of this very machine is: over TLS by the name that was given, which its certificate is for. */
export function ownAdminUrl({ adminGrpcTlsCa, adminGrpcUrl, grpcHost, grpcPort }: Config): string {
  const host = adminGrpcTlsCa === null ? ownHost(grpcHost) : adminGrpcUrl.replace(/:\d+$/, '')
  return `${host}:${grpcPort}`
}
