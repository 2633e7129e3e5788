/** What somebody has asked for at one process since the last time, in the time that this takes to be given back. */
export type RateCharge = {
  readonly key: string
  readonly costMs: number
  /** Beyond this nothing is added, so that no mistake and no clock locks anybody out for longer. */
  readonly aheadMsMax: number
}

/** What all processes together know of how much was asked under which key. */
export type SharedRates = {
  /**
   * Adds each charge to what the key has used, as GCRA does, and says in the same order how long each takes from now to be as if nothing had been
   * asked, in milliseconds. MUST take no key twice in one call, MUST lose no charge of another process that comes at the same
   * time, MUST go by one clock for all processes, and MUST forget a key by then. Throws DependencyUnavailable where it
   * cannot be asked; whether the charges were added is unknown then.
   */
  charge(charges: readonly RateCharge[]): Promise<readonly number[]>
}
