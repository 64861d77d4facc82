/** What operators have done: the newest `limits.auditEntriesMax`, in the order in which it was noted. */

export interface AuditRecord {
  /** ms since 1970 */
  readonly at: number;
  /** The operator's name; empty: whoever knew the cluster secret. */
  readonly by: string;
  /** From where. */
  readonly address: string;
  /** As `kick`. */
  readonly action: string;
  /** What it was done to, in the words of its caller. */
  readonly target: string;
  /** `done`, or the name of the error. */
  readonly outcome: string;
}

export interface AuditEntry extends AuditRecord {
  /** Its place: an older entry has a lower one, a text that is to be compared by the store alone. */
  readonly place: string;
}

export interface AuditLog {
  note(record: AuditRecord): Promise<void>;

  /** Newest first, up to `limit`; `before`: those that are older than the entry at this place. */
  page(query: { readonly before?: string; readonly limit: number }): Promise<AuditEntry[]>;
}
