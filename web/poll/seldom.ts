export type Seldom = {
  readonly soon: () => void
  /** What was asked for and has not come is not to come. */
  readonly stop: () => void
}

/** Calls `speak` once in `everyMs` at most, so long after it was asked for, however often that is. */
export function createSeldom(speak: () => void, everyMs: number): Seldom {
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    soon() {
      timer ??= setTimeout(() => {
        timer = undefined
        speak()
      }, everyMs)
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
