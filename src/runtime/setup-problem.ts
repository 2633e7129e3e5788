/**
 * Something about the machine or the settings keeps Tallycast from starting, and its user can mend it.
 * The composition roots print it without a stack: the message says what is wrong, the remedy what to do.
 */
export class SetupProblem extends Error {
  readonly remedy: string

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SetupProblem'
    this.remedy = remedy
  }
}

/** The two lines that a person sees in the terminal. */
const explainSetupProblem = (problem: SetupProblem): string =>
  `Tallycast cannot start: ${problem.message}\nWhat to do: ${problem.remedy}`

/** Why work was cut short: somebody asked the process to stop. Not a failure. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested'
}

/**
 * The last word of a composition root that could not go on: for a SetupProblem what to do, for anything else the fault with
 * its stack. The exit code says "failed"; the event loop empties by itself.
 */
export const reportFailure = (error: unknown): void => {
  if (error instanceof StopRequested) return
  process.exitCode = 1
  console.error(error instanceof SetupProblem ? explainSetupProblem(error) : error)
}
