import type { FastifySchemaValidationError } from 'fastify'
import { type FieldError, type Refused, refuse } from '../../domain/refusal.ts'

/** More wrong fields than anybody reads; a body can have thousands. */
const errorsMax = 20
const pointerCharactersMax = 200

/** Fastify's Ajv: it judges what was sent, and neither mends nor drops any of it. */
export const ajvOptions = {
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  allErrors: true,
  // An option may be written as a text or as an object.
  allowUnionTypes: true,
} as const

/** Every wrong field, each with the JSON Pointer that leads to it. */
export function refuseInvalid(found: readonly FastifySchemaValidationError[], part: string, body: unknown): Refused {
  if (part === 'params') return refuse('poll_not_found', 'There is no such poll.')
  if (part === 'querystring') {
    const [first] = found
    const detail = `The query parameter ${first?.instancePath.slice(1) || 'given'} is not valid.`
    return refuse('invalid_body', detail)
  }
  if (body === undefined)
    return refuse('invalid_body', 'A JSON body is needed.', [{ pointer: '', detail: 'is missing' }])
  const errors = found.slice(0, errorsMax).map(describe)
  const [only] = errors
  const detail =
    found.length === 1 && only !== undefined && only.pointer !== ''
      ? `${only.pointer} ${only.detail}.`
      : `${found.length} fields of the body are wrong.`
  return refuse('invalid_body', only?.pointer === '' ? `The body ${only.detail}.` : detail, errors)
}

function describe({ keyword, instancePath, params, message = 'is wrong' }: FastifySchemaValidationError): FieldError {
  switch (keyword) {
    case 'additionalProperties':
      return at(instancePath, String(params['additionalProperty']), 'is not known here')
    case 'required':
      return at(instancePath, String(params['missingProperty']), 'is missing')
    case 'enum':
      return { pointer: instancePath, detail: `must be one of ${listOf(params['allowedValues'])}` }
    case 'pattern':
      return { pointer: instancePath, detail: 'has characters that are not allowed here' }
    case 'format':
      return { pointer: instancePath, detail: 'must be a time as in RFC 3339, for example 2030-01-31T18:00:00Z' }
    default:
      return { pointer: instancePath, detail: message }
  }
}

function at(parent: string, name: string, detail: string): FieldError {
  const escaped = name.slice(0, pointerCharactersMax).replaceAll('~', '~0').replaceAll('/', '~1')
  return { pointer: `${parent}/${escaped}`, detail }
}

function listOf(values: unknown): string {
  return Array.isArray(values) ? values.join(', ') : String(values)
}
