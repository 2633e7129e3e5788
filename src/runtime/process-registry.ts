import { AggregatorRegistry, Registry } from 'prom-client'

/** What a process has measured, as plain data that another process can be sent. */
export type Measured = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** The metrics of one process, and of others that it answers for. */
export class ProcessRegistry extends Registry {
  #gather: () => Promise<readonly Measured[]> = async () => []

  /** From now on `metrics` also has what `gather` brings each time, whose series must differ from ours and each other by a label. */
  answerFor(gather: () => Promise<readonly Measured[]>): void {
    this.#gather = gather
  }

  override async metrics(): Promise<string> {
    const gathered = await this.#gather()
    if (gathered.length === 0) return super.metrics()
    // Of series that differ by a label nothing is summed, left out or averaged: each is its own sum.
    const all = [await this.getMetricsAsJSON(), ...gathered].map((measured) =>
      measured.map((metric) => ({ ...metric, aggregator: 'sum' as const })),
    )
    return AggregatorRegistry.aggregate(all).metrics()
  }
}
