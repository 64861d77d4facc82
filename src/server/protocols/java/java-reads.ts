/**
 * What the readers of Java peers ask of routes. All peers of a server read the same lobby, mostly
 * from the same place: what one has asked for is told to all who ask meanwhile, and is encoded once.
 */
import type { ReadResult } from '../../../api/route-api.ts';
import type { Clock } from '../../../base/clock.ts';
import type { ReadFrame } from '../../../codec/client-frame.ts';
import { lobby } from '../../../codec/commands.ts';
import type { ServerCounters } from '../../server-counters.ts';

export interface JavaReadsOptions {
  readonly clock: Clock;
  readonly counters: Pick<ServerCounters, 'unreadable'>;
  readonly read: (userId: number, request: ReadFrame, settle: (result: ReadResult) => void) => void;
  /** What is pushed to the lobby is to wait, as some peer is far behind with it; or not any more. */
  readonly onLate: (isLate: boolean) => void;
}

/** How long a read that a route refused waits before the next try. */
const retryMs = 500;

export class JavaReads {
  readonly clock: Clock;
  readonly counters: Pick<ServerCounters, 'unreadable'>;
  readonly #options: JavaReadsOptions;
  /** Pages of the lobby that are on their way, by where they begin. */
  readonly #lobbyPages = new Map<number, Promise<ReadResult>>();
  readonly #late = new Set<object>();

  constructor(options: JavaReadsOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.counters = options.counters;
  }

  read(userId: number, group: string, after: number): Promise<ReadResult> {
    if (group !== lobby) return this.#ask(userId, group, after);
    let page = this.#lobbyPages.get(after);
    if (!page) {
      page = this.#ask(userId, group, after).finally(() => this.#lobbyPages.delete(after));
      this.#lobbyPages.set(after, page);
    }
    return page;
  }

  /** Resolves when a read that was refused may be tried again. */
  retryDelay(): Promise<void> {
    return new Promise((resolve) => this.clock.setTimeout(resolve, retryMs));
  }

  /** A reader of the lobby is far behind, and not because its peer takes nothing. */
  markLate(reader: object, isLate: boolean): void {
    const before = this.#late.size;
    if (isLate) this.#late.add(reader);
    else this.#late.delete(reader);
    if (before === 0 && isLate) this.#options.onLate(true);
    if (before === 1 && this.#late.size === 0) this.#options.onLate(false);
  }

  #ask(userId: number, group: string, after: number): Promise<ReadResult> {
    const { promise, resolve } = Promise.withResolvers<ReadResult>();
    this.#options.read(userId, { group, after, afterIdentity: '', limit: 0 }, resolve);
    return promise;
  }
}
