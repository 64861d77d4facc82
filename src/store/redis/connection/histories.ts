/**
 * Whether a failover has taken what was acknowledged. A master numbers the bytes of what it writes,
 * and its *history* has an id. A replica that takes over begins a new history, and says up to which
 * number it has the one before: if something was acknowledged beyond it, that is gone.
 *
 *     a master: history A, acknowledged up to 1 000; it dies, and its replica takes over:
 *     the new one: history B, before it A up to 940: 60 bytes of what was acknowledged are lost
 */

/** What a master says of its own (`INFO replication`). */
export interface Replication {
  readonly isMaster: boolean;
  readonly history: string;
  readonly offset: number;
  /** The one before, and the first number that is not of it any more. */
  readonly historyBefore: string;
  readonly offsetBefore: number;
  /** How far each replica that follows has come; the furthest first. */
  readonly replicas: readonly number[];
}

export function parseReplication(info: string): Replication {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  return {
    isMaster: field('role') === 'master',
    history: field('master_replid'),
    offset: Number(field('master_repl_offset')),
    historyBefore: field('master_replid2'),
    offsetBefore: Number(field('second_repl_offset')),
    replicas: [...info.matchAll(/^slave\d+:.*\bstate=online,offset=(\d+)/gm)]
      .map(([, offset]) => Number(offset))
      .sort((one, other) => other - one),
  };
}

/** Histories of masters: the newest of each node of a Cluster, and what failovers leave. */
const historiesMax = 1_000;

export class Histories {
  /** Up to where something was acknowledged, by history; the oldest first. */
  readonly #acknowledged = new Map<string, number>();

  /** All that so many replicas have of it counts as acknowledged; with 0 all that is written. */
  acknowledge({ isMaster, history, offset: written, replicas }: Replication, wanted: number): void {
    const offset = wanted === 0 ? written : replicas[wanted - 1];
    if (!isMaster || offset === undefined) return;
    const known = this.#acknowledged.get(history) ?? 0;
    this.#acknowledged.delete(history);
    this.#acknowledged.set(history, Math.max(known, offset));
    if (this.#acknowledged.size <= historiesMax) return;
    for (const oldest of this.#acknowledged.keys()) {
      this.#acknowledged.delete(oldest);
      return;
    }
  }

  /** How many bytes that were acknowledged this master does not have, as far as is known. Told once. */
  lostBytes({ isMaster, history, offset, historyBefore, offsetBefore }: Replication): number {
    if (!isMaster) return 0;
    const same = this.#acknowledged.get(history);
    if (same !== undefined) return this.#missing(history, same, offset);
    const before = this.#acknowledged.get(historyBefore);
    if (before === undefined) return 0;
    const missing = this.#missing(historyBefore, before, offsetBefore - 1);
    // From here on it is asked about the new one.
    this.#acknowledged.set(history, offsetBefore - 1);
    return missing;
  }

  #missing(history: string, acknowledged: number, kept: number): number {
    if (kept >= acknowledged) return 0;
    this.#acknowledged.set(history, kept);
    return acknowledged - kept;
  }
}
