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
export const explainSetupProblem = (problem: SetupProblem): string =>
  `Tallycast cannot start: ${problem.message}\nWhat to do: ${problem.remedy}`
