import fc from 'fast-check'
import Schema from 'typebox/schema'

/** A JSON Schema, as far as our own descriptions go. */
export type JsonSchema = { readonly [keyword: string]: unknown }

type Json = fc.JsonValue

const typeNames = ['string', 'integer', 'boolean', 'null', 'array', 'object'] as const
type TypeName = (typeof typeNames)[number]

/** Keywords that are understood here or say nothing about values. Another one would be passed over: it has to be learned first. */
const known = new Set([
  'type',
  'enum',
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'items',
  'minItems',
  'maxItems',
])
for (const keyword of ['properties', 'required', 'additionalProperties', 'description', 'examples']) known.add(keyword)

/** Values that a schema describes, those at its limits among them. */
export function valuesOf(schema: JsonSchema): fc.Arbitrary<Json> {
  const unknown = Object.keys(schema).filter((keyword) => !known.has(keyword))
  if (unknown.length > 0) throw new Error(`this generator does not know ${unknown.join(', ')}`)
  const { enum: words } = schema
  if (Array.isArray(words)) return fc.constantFrom(...(words as string[])) // our enums are of strings
  const kinds = typesOf(schema).map((type) => makers[type](schema))
  return fc.oneof(...kinds).filter((value) => Schema.Check(schema, value))
}

/** Values that a schema refuses, most of them for one small reason. */
export function wrongValuesOf(schema: JsonSchema): fc.Arbitrary<Json> {
  const spoilers = typesOf(schema).map((type) => spoilersOf[type](schema))
  return fc.oneof(...spoilers, fc.jsonValue()).filter((value) => !Schema.Check(schema, value))
}

function typesOf({ type, enum: words }: JsonSchema): readonly TypeName[] {
  const names = [type ?? (Array.isArray(words) ? 'string' : undefined)].flat()
  return names.map((name) => {
    const found = typeNames.find((one) => one === name)
    if (found === undefined) throw new Error(`this generator does not know the type ${JSON.stringify(name)}`)
    return found
  })
}

const numberIn = (schema: JsonSchema, keyword: string, fallback: number): number => Number(schema[keyword] ?? fallback)
// Our own descriptions have schemas in these places.
const propertiesOf = (schema: JsonSchema) => (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>
const requiredOf = (schema: JsonSchema) => (schema['required'] ?? []) as readonly string[]
const itemsOf = (schema: JsonSchema) => (schema['items'] ?? {}) as JsonSchema

const times = fc.oneof(
  fc
    .date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('2200-01-01') })
    .map((time) => time.toISOString()),
  fc.constantFrom(
    '2030-06-30T23:59:60Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '2030-01-31t18:00:00+02:00',
    '2030-01-31T18:00:00.123456789-11:30',
  ),
)

const makers: Readonly<Record<TypeName, (schema: JsonSchema) => fc.Arbitrary<Json>>> = {
  string(schema) {
    if (schema['format'] === 'date-time') return times
    const min = numberIn(schema, 'minLength', 0)
    const max = numberIn(schema, 'maxLength', 200)
    const free = fc.string({ unit: 'grapheme', minLength: min, maxLength: max })
    const limits = fc.constantFrom('x'.repeat(Math.max(min, 1)), 'x'.repeat(max), '\u{1f363}'.repeat(max))
    const { pattern } = schema
    return typeof pattern === 'string'
      ? fc.oneof(free, limits, fc.stringMatching(new RegExp(pattern, 'u')))
      : fc.oneof(free, limits)
  },
  integer(schema) {
    const min = numberIn(schema, 'minimum', -(2 ** 53))
    const max = numberIn(schema, 'maximum', 2 ** 53)
    return fc.oneof(fc.integer({ min: Math.max(min, -5), max: Math.min(max, 5) }), fc.constantFrom(min, max))
  },
  boolean: () => fc.boolean(),
  null: () => fc.constant(null),
  array(schema) {
    const minLength = numberIn(schema, 'minItems', 0)
    const maxLength = numberIn(schema, 'maxItems', 20)
    const items = valuesOf(itemsOf(schema))
    const full = fc.array(items, { minLength: maxLength, maxLength })
    return fc.oneof({ weight: 6, arbitrary: fc.array(items, { minLength, maxLength }) }, full)
  },
  object(schema) {
    const values = Object.entries(propertiesOf(schema)).map(([name, property]) => [name, valuesOf(property)] as const)
    const record: Readonly<Record<string, fc.Arbitrary<Json>>> = Object.fromEntries(values)
    // The cast: what is left out is not there, rather than undefined.
    return fc.record(record, { requiredKeys: [...requiredOf(schema)] }) as fc.Arbitrary<Record<string, Json>>
  },
}

const spoilersOf: Readonly<Record<TypeName, (schema: JsonSchema) => fc.Arbitrary<Json>>> = {
  string(schema) {
    const tooLong = 'x'.repeat(numberIn(schema, 'maxLength', 200) + 1)
    return fc.constantFrom('', tooLong, 'nul \u0000', 'half \ud800', '2030-02-30T00:00:00Z', '2030-01-31', '\u202e')
  },
  integer: (schema) =>
    fc.constantFrom(
      numberIn(schema, 'minimum', 0) - 1,
      numberIn(schema, 'maximum', 0) + 1,
      1.5,
      1e300,
      -1e300,
      '1',
      2 ** 31,
      2 ** 63,
    ),
  boolean: () => fc.constantFrom('true', 0, 1, null),
  null: () => fc.constantFrom('null', 0, false, ''),
  array(schema) {
    const items = itemsOf(schema)
    const tooMany = numberIn(schema, 'maxItems', 20) + 1
    const one = fc.array(valuesOf(items), { maxLength: 5 })
    const withWrong = fc.tuple(one, wrongValuesOf(items)).map(([right, wrong]) => [...right, wrong])
    return fc.oneof(
      withWrong,
      fc.array(valuesOf(items), { minLength: tooMany, maxLength: tooMany }),
      fc.constant<Json[]>([]),
    )
  },
  object(schema) {
    const right = makers.object(schema) as fc.Arbitrary<Readonly<Record<string, Json>>> // what it makes
    const names = Object.keys(propertiesOf(schema))
    const spoilt = names.map((name) =>
      fc
        .tuple(right, wrongValuesOf(propertiesOf(schema)[name] ?? {}))
        .map(([value, wrong]) => ({ ...value, [name]: wrong })),
    )
    const missing = requiredOf(schema).map((name) => right.map(({ [name]: _missing, ...rest }) => rest))
    const more = fc
      .tuple(right, fc.string(), fc.jsonValue())
      .map(([value, name, extra]) => ({ ...value, [name]: extra }))
    const strange = right.map((value) => ({ ...value, ['__proto__']: { option_id: 1 }, constructor: 1 }))
    return fc.oneof(...spoilt, ...missing, more, strange)
  },
}
