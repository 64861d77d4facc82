/**
 * What one session tells its client of marks: how far others have got with what its user has sent. A
 * push may get lost on its way here, or find no room: the version that was told up to says so, and the
 * client is told to ask (session-checks.ts).
 */
import type { MarkEntry } from '../../api/server-api.ts';
import type { ServerCounters } from '../server-counters.ts';
import { MarkVersions } from './mark-versions.ts';

/** Whose marks they are: its client is told of them. */
export interface MarkTeller {
  readonly userId: number;
  readonly ready: boolean;
  /** What may be told later has room. */
  readonly hasRoom: boolean;
  /** Tells of marks, and up to which version the client knows all. */
  writeMarks(entry: Pick<MarkEntry, 'reader' | 'group' | 'marks'>, version: number): void;
}

export class SessionMarks {
  readonly #teller: MarkTeller;
  readonly #counters: ServerCounters['marks'];
  readonly #versions = new MarkVersions();

  constructor(teller: MarkTeller, counters: ServerCounters['marks']) {
    this.#teller = teller;
    this.#counters = counters;
  }

  /** Everything up to this version was told to the client. */
  get version(): number {
    return this.#versions.contiguous;
  }

  /** The client knows all up to this version; or the store has gone back to it, and lost a tail. */
  startFrom(version: number): void {
    this.#versions.startFrom(version);
  }

  /** How far somebody has got; dropped if there is no room for it: the next check finds that. */
  push(entry: MarkEntry): void {
    if (!this.#teller.hasRoom) {
      this.#counters.droppedAtReceiver.value += 1;
      return;
    }
    for (const version of entry.versions) this.#versions.told(version);
    this.#teller.writeMarks(entry, this.version);
  }

  /** There are marks up to this version: if not all were told, the client is to ask for them. */
  missed(version: number): void {
    if (!this.#teller.ready || version <= this.version) return;
    this.#counters.missed.value += 1;
    this.startFrom(version);
    this.#teller.writeMarks({ reader: this.#teller.userId, group: '', marks: [] }, version);
  }
}
