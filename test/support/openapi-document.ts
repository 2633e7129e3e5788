import Schema from 'typebox/schema'
import { type Answer, createHttpClient, type HttpClient } from './http-client.ts'

type Json = { readonly [name: string]: unknown }

export type DescribedAnswer = {
  readonly description: string
  readonly content?: Readonly<
    Record<string, { readonly schema: Json; readonly example?: unknown; readonly examples?: Json }>
  >
}

export type Operation = {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly security: readonly Json[]
  readonly parameters?: readonly {
    readonly in: string
    readonly name: string
    readonly required?: boolean
    readonly schema: Json
  }[]
  readonly responses: Readonly<Record<string, DescribedAnswer>>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> }
}

export type OpenApiDocument = {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly securitySchemes: Json }
}

export type DescribedOperation = { readonly method: string; readonly template: string; readonly operation: Operation }

export function listOperations({ paths }: OpenApiDocument): readonly DescribedOperation[] {
  return Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, template, operation })),
  )
}

/** A client that holds every answer against /openapi.json, and notes what does not agree. */
export async function createCheckedClient(url: string, disagreements: string[]): Promise<HttpClient> {
  const document = await createHttpClient(url)('GET', '/openapi.json')
  const check = createAnswerCheck(document.body)
  return createHttpClient(url, (method, path, answer) => {
    const disagreement = check(method, path, answer)
    if (disagreement !== null) disagreements.push(disagreement)
  })
}

/** Holds answers against the description that the service gives of itself; returns what does not agree. */
function createAnswerCheck({ paths, components }: OpenApiDocument) {
  const templates = Object.entries(paths).map(
    ([template, operations]) =>
      [new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`), template, operations] as const,
  )

  return (method: string, path: string, answer: Answer): string | null => {
    const address = path.split('?', 1)[0] ?? ''
    const [, template, operations] = templates.find(([pattern]) => pattern.test(address)) ?? []
    const operation = operations?.[method === 'HEAD' ? 'get' : method.toLowerCase()]
    // Addresses and methods that do not exist are described by nothing.
    if (operation === undefined || template === undefined || answer.body?.code === 'route_not_found') return null
    const where = `${method} ${template} ${answer.status}`
    const described = operation.responses[answer.status]
    if (described === undefined) return `${where} ${answer.body?.code ?? ''} is not described`
    if (answer.text === '') return null
    const type = answer.headers.get('content-type')?.split(';', 1)[0] ?? ''
    const content = described.content?.[type]
    if (content === undefined) return `${where} as ${type} is not described`
    if (type === 'application/problem+json') {
      const { examples } = content
      if (examples !== undefined && !(answer.body.code in examples))
        return `${where} ${answer.body.code} is not described`
      return judge(components.schemas['Problem'] ?? {}, answer.body)
    }
    if (type === 'application/x-ndjson') {
      const lines = answer.text.split('\n').slice(0, -1)
      return lines.map((line) => judge(content.schema, JSON.parse(line))).find((found) => found !== null) ?? null
    }
    return type === 'application/json' ? judge(content.schema, answer.body) : null

    function judge(schema: Json, value: unknown): string | null {
      const [, errors] = Schema.Errors(schema, value)
      return errors.length === 0 ? null : `${where}: ${JSON.stringify(errors)}`
    }
  }
}
