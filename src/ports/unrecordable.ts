/**
 * The ledger cannot hold what it was given, and never will. It says nothing about the ledger itself: other content is recorded.
 * A fault that may lie with the ledger (a missing table, a password that changed) is none of these, however long it lasts.
 */
export class ContentUnrecordable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ContentUnrecordable'
  }
}

export function isUnrecordable(error: unknown): error is ContentUnrecordable {
  return error instanceof ContentUnrecordable
}
