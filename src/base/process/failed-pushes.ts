/** Pushes that did not arrive: what operators look at when somebody is told too late. */

export interface FailedPush {
  /** ms since 1970 */
  readonly at: number;
  readonly to: { readonly userId: number } | { readonly group: string };
  /** Where the server is called, as sessions bear it. */
  readonly server: string;
  /** `no-answer`: of the server; `not-there`: it has no such connection, or nobody of the group. */
  readonly why: 'no-answer' | 'not-there';
}
