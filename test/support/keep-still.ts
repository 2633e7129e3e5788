const everyMs = 1

/** The process stands still, also when it is told to go on, until this is disposed of or it is killed. */
export const keepStill = (pid: number): Disposable => {
  const again = setInterval(() => {
    try {
      process.kill(pid, 'SIGSTOP')
    } catch {
      clearInterval(again) // It is gone.
    }
  }, everyMs)
  process.kill(pid, 'SIGSTOP')
  return { [Symbol.dispose]: () => clearInterval(again) }
}
