/**
 * Which store this is: drawn when it is empty, kept for as long as its contents are, told to clients
 * at every login. One that is told another id than before knows that numbers begin anew, and that
 * nobody's key is there any more until its owner has published it again.
 */
export interface StoreIdentity {
  /** 16 hex digits; all who ask at the same time are told the same. */
  get(): Promise<string>;

  /**
   * Drawn with the store, and the same ever after, as what accounts are proven by is derived with it:
   * the same secret, chosen in two clusters, gives two keys. Public; 32 hex digits.
   */
  salt(): Promise<string>;

  /** Draws another: an operator has put a backup in its place. */
  renew(): Promise<string>;
}
