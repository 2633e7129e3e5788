import { describe, expect, test } from 'vitest'
import { readTraceParent, traceParentOf } from '../../src/main/tracing/tracing.ts'

const context = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }

describe('traceparent', () => {
  test('is read as it is written', () => {
    expect(readTraceParent(traceParentOf(context))).toEqual(context)
  })
  test('is read whatever its flags, and of a later version that says more', () => {
    expect(readTraceParent(`00-${context.traceId}-${context.spanId}-00`)).toEqual(context)
    expect(readTraceParent(`cc-${context.traceId}-${context.spanId}-01-what-comes`)).toEqual(context)
  })
  test.each([
    undefined,
    '',
    'nonsense',
    `00-${context.traceId}-${context.spanId}`,
    `00-${'0'.repeat(32)}-${context.spanId}-01`,
    `00-${context.traceId}-${'0'.repeat(16)}-01`,
    `ff-${context.traceId}-${context.spanId}-01`,
    `00-${context.traceId.toUpperCase()}-${context.spanId}-01`,
    `00-${context.traceId}-${context.spanId}-01x`,
  ])('is nobody where it is %j', (text) => {
    expect(readTraceParent(text)).toBeNull()
  })
})
