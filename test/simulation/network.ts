// What lies between a process and the stores: every question waits until the test lets it arrive, and every answer until it
// is delivered. So each `await` of the product is a place where the process can be paused, killed, or told that it failed.
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'

/** One life of a process: after a crash another one begins, with another name. */
export type Life = { readonly name: string; isDead: boolean }

type Outcome = { readonly value: unknown } | { readonly fault: unknown }
type Call = {
  readonly life: Life
  readonly what: string
  readonly effect: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (fault: unknown) => void
  outcome: Outcome | null
}
type Timer = { readonly life: Life; readonly ms: number; readonly fire: () => void }

export class SimulatedNetwork {
  /** Asked by those that live, and not answered yet. */
  #calls: Call[] = []
  /** Asked by those that died since: each may still arrive, and nobody hears the answer. */
  #ghosts: Call[] = []
  #timers: Timer[] = []
  nowMs = 0
  lostAnswers = 0

  ask<Value>(life: Life, what: string, effect: () => Value, signal?: AbortSignal): Promise<Value> {
    // A dead process asks nothing; whatever still runs of it waits for ever, as if it were not there.
    if (life.isDead) return new Promise(() => undefined)
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    const call: Call = { life, what, effect, resolve, reject, outcome: null }
    this.#calls.push(call)
    signal?.addEventListener('abort', () => this.#arriveAndAnswer(call), { once: true })
    return promise
  }

  sleep(life: Life, ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.after(life, ms, resolve)
    const wake = (): void => {
      cancel()
      resolve()
    }
    signal?.addEventListener('abort', wake, { once: true })
    return promise
  }

  after(life: Life, ms: number, fire: () => void): () => void {
    const timer = { life, ms, fire }
    if (!life.isDead) this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** The question arrives and its answer too, unless it has only one of them to go. */
  complete(life: Life, which: number): boolean {
    const call = pick(this.#of(life), which)
    if (call !== undefined) this.#arriveAndAnswer(call)
    return call !== undefined
  }

  arrive(life: Life, which: number): void {
    const call = pick(
      this.#of(life).filter(({ outcome }) => outcome === null),
      which,
    )
    if (call !== undefined) call.outcome = outcomeOf(call)
  }

  /** The connection breaks: what was asked may have happened or not. */
  lose(life: Life, which: number): void {
    const call = pick(this.#of(life), which)
    if (call === undefined) return
    this.lostAnswers += 1
    this.#calls = this.#calls.filter((other) => other !== call)
    call.reject(new DependencyUnavailable('stream', `no answer to ${call.what}`))
  }

  tick(life: Life, which: number): boolean {
    const timer = pick(
      this.#timers.filter((other) => other.life === life),
      which,
    )
    if (timer === undefined) return false
    this.#timers = this.#timers.filter((other) => other !== timer)
    this.nowMs += timer.ms
    timer.fire()
    return true
  }

  kill(life: Life): void {
    life.isDead = true
    this.#ghosts.push(...this.#of(life).filter(({ outcome }) => outcome === null))
    this.#calls = this.#calls.filter((call) => call.life !== life)
    this.#timers = this.#timers.filter((timer) => timer.life !== life)
  }

  arriveGhost(which: number): boolean {
    const ghost = pick(this.#ghosts, which)
    if (ghost === undefined) return false
    this.#ghosts = this.#ghosts.filter((other) => other !== ghost)
    outcomeOf(ghost)
    return true
  }

  isOnItsWay(what: string): boolean {
    return [...this.#calls, ...this.#ghosts].some((call) => call.what === what && call.outcome === null)
  }

  count(life: Life): { readonly calls: number; readonly timers: number } {
    return { calls: this.#of(life).length, timers: this.#timers.filter((timer) => timer.life === life).length }
  }

  /** Lets everybody go on until all wait for an answer or a time again. */
  async settle(): Promise<void> {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }

  #of(life: Life): readonly Call[] {
    return this.#calls.filter((call) => call.life === life)
  }

  #arriveAndAnswer(call: Call): void {
    if (!this.#calls.includes(call)) return
    this.#calls = this.#calls.filter((other) => other !== call)
    const outcome = call.outcome ?? outcomeOf(call)
    // The cast gives back what `ask` took the type of.
    if ('value' in outcome) call.resolve(outcome.value as never)
    else call.reject(outcome.fault)
  }
}

function outcomeOf({ effect }: Call): Outcome {
  try {
    return { value: effect() }
  } catch (fault) {
    return { fault }
  }
}

function pick<Item>(items: readonly Item[], which: number): Item | undefined {
  return items[which % Math.max(1, items.length)]
}
