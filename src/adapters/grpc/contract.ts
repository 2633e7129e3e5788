import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadPackageDefinition } from '@grpc/grpc-js'
import {
  fromJSON,
  loadSync,
  type AnyDefinition,
  type MessageTypeDefinition,
  type Options,
  type PackageDefinition,
} from '@grpc/proto-loader'
import type { ProtoGrpcType } from './gen/admin.ts'

const folder = join(import.meta.dirname, '../../../contract')

/** The same as `npm run gen` gives to the generator, so that its types are true. */
const options: Options = { longs: Number, enums: String, defaults: true, oneofs: true, includeDirs: [folder] }

export const SERVICE_NAME = 'tallycast.admin.v1.AdminService'

/**
 * What the server speaks, for reflection: our service and the standard health check.
 *
 * The descriptors are the compiler's own. Those that proto-loader makes name no imported files and no absolute types, and
 * strict clients (buf curl) then find no service in them.
 */
export function readServedContract(): PackageDefinition {
  const sets = fromJSON({ nested: { FileSet: { fields: { file: { rule: 'repeated', type: 'bytes', id: 1 } } } } })
  const fileSet = codec<{ file: Buffer[] }>(sets, 'FileSet')
  const read = (name: string): readonly Buffer[] =>
    fileSet.decode(readFileSync(join(import.meta.dirname, 'gen', `${name}.binpb`))).file
  const fileDescriptorProtos = [...read('admin'), ...read('health')]
  // The cast: reflection takes the descriptors out of the definitions and looks at nothing else.
  return { served: { fileDescriptorProtos } } as unknown as PackageDefinition
}

/** Our service: its definition for the server, its client for the api. */
export function loadAdminService(): ProtoGrpcType['tallycast']['admin']['v1']['AdminService'] {
  // The cast says what the generator derived from the same file.
  const root = loadPackageDefinition(loadSync('admin.proto', options)) as unknown as ProtoGrpcType
  return root.tallycast.admin.v1.AdminService
}

type Duration = { seconds: number; nanos: number }
type FieldViolation = { field: string; description: string }

/** The messages that explain a refusal. */
export type StatusDetails = {
  readonly Status: Codec<{ code: number; message: string; details: { type_url: string; value: Uint8Array }[] }>
  readonly ErrorInfo: Codec<{ reason: string; domain: string }>
  readonly BadRequest: Codec<{ fieldViolations: FieldViolation[] }>
  readonly RetryInfo: Codec<{ retryDelay: Duration | null }>
}

export type Codec<Message> = { encode(message: Message): Buffer; decode(bytes: Uint8Array): Message }

export function loadStatusDetails(): StatusDetails {
  const loaded = loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto'], options)
  return {
    Status: codec(loaded, 'google.rpc.Status'),
    ErrorInfo: codec(loaded, 'google.rpc.ErrorInfo'),
    BadRequest: codec(loaded, 'google.rpc.BadRequest'),
    RetryInfo: codec(loaded, 'google.rpc.RetryInfo'),
  }
}

/** The caller names the type that the file declares under this name. */
function codec<Message extends object>(loaded: PackageDefinition, name: string): Codec<Message> {
  const definition = loaded[name]
  if (definition === undefined || !isMessage(definition)) throw new Error(`the contract has no message ${name}`)
  const { serialize, deserialize } = definition
  return {
    encode: (message) => serialize(message),
    // The cast: the bytes were read by this very definition.
    decode: (bytes) => deserialize(Buffer.from(bytes)) as Message,
  }
}

function isMessage(definition: AnyDefinition): definition is MessageTypeDefinition<object, object> {
  return 'serialize' in definition
}
