/**
 * Keys under which callers over HTTP repeat a request without harm. A key is one caller's, and kept
 * for `limits.idempotencyKeyMs`.
 */

export interface RequestClaim {
  readonly owner: number;
  readonly key: string;
  /** Tells one request from another; the same for every attempt. */
  readonly fingerprint: string;
  /** What the messages of this request bear; of the first attempt, it holds for all. */
  readonly epochHex: string;
}

export interface Requests {
  /** Gives the first claim of this owner and key: the one just made, or the one that stands. */
  claim(claim: RequestClaim): Promise<Pick<RequestClaim, 'fingerprint' | 'epochHex'>>;
}
