/** How many watch each poll at one process. 0: nobody does any more. */
export type ToldViewers = readonly (readonly [pollId: string, viewers: number])[]

/** How many watch each poll, as the processes that serve them tell. */
export type ViewerCounts = {
  /**
   * Puts these numbers in place of those that the process told before of the same polls; those of its other polls stay. All of them MUST
   * count for `keptMs` from now, and MUST count for nobody after that, unless the process tells again: one that has died vanishes.
   *
   * False where nothing was kept of what it told before: then it has to tell everything.
   */
  tell(processId: string, changed: ToldViewers, keptMs: number): Promise<boolean>
  /** The sum over all processes whose numbers count; 0 where none has told of the poll. */
  read(pollId: string): Promise<number>
}
