/** Keys that all processes share, made once at migration. Each is at least 32 bytes. */
export type Secrets = {
  /** Keys the hash that makes voter keys. Never rotates: another pepper would let everybody vote again. */
  readonly voterPepper: Uint8Array
  /** Signs sessions where SESSION_SECRETS gives none. */
  readonly session: Uint8Array
  /** Signs what one of our processes says to another or to itself later: tickets, vote ids. */
  readonly service: Uint8Array
  /** The seed of the Ed25519 key that signs final results where RESULT_SIGNING_KEY gives none; its first 32 bytes. */
  readonly resultSigning: Uint8Array
}

export type SecretStore = {
  /** All of them; rejects where the migration has not made them. */
  read(): Promise<Secrets>
}
