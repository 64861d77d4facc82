/**
 * Reads what is retained for one MQTT client: a page at a time, however many filters it subscribes to, the
 * next when the client has the one before, and no more than its user may read.
 */
import type { RetainedResult } from '../../../api/route-api.ts';
import type { Clock, Timer } from '../../../base/clock.ts';
import { limits } from '../../../base/limits.ts';
import type { ReadRate } from '../../../limits/read-rates.ts';
import type { ServerLimits } from '../../../limits/server-limits.ts';
import type { Publications } from '../../topics/publications.ts';
import type { Session } from '../protocol.ts';

export interface RetainedReadsOptions {
  readonly session: Session;
  readonly publications: Publications;
  readonly clock: Clock;
  readonly rates: Pick<ServerLimits, 'holdReads' | 'reads'>;
}

/** Who is given the values whose topics its filter matches. */
export interface RetainedReader {
  readonly filter: string;
  /** A page is about to be asked for. */
  onAsked(): void;
  onPage(page: RetainedResult): void;
}

export class MqttRetainedReads {
  readonly #options: RetainedReadsOptions;
  /** What each is to be given next: what is behind this topic. */
  readonly #waiting = new Map<RetainedReader, string>();
  /** Undefined until something is read; null: as much as it likes. */
  #rate: ReadRate | null | undefined;
  #isReading = false;
  #pause: Timer | undefined;
  #isEnded = false;

  constructor(options: RetainedReadsOptions) {
    this.#options = options;
  }

  /** `onPage` follows for each page. One that could not be had is asked for again. */
  begin(reader: RetainedReader): void {
    this.#waiting.set(reader, '');
    this.#advance();
  }

  /** It is given nothing more. */
  drop(reader: RetainedReader): void {
    this.#waiting.delete(reader);
  }

  end(): void {
    this.#isEnded = true;
    this.#waiting.clear();
    this.#pause?.cancel();
    if (this.#rate) this.#options.rates.reads.release(this.#rate);
  }

  #advance(): void {
    if (this.#isReading || this.#pause || this.#isEnded) return;
    const [next] = this.#waiting;
    if (!next) return;
    const { rates, session, publications } = this.#options;
    if (this.#rate === undefined) this.#rate = rates.holdReads(session.userId, session.address);
    const waitMs = this.#rate?.waitMs ?? 0;
    if (waitMs > 0) return this.#goOnIn(waitMs);
    const [reader, after] = next;
    this.#isReading = true;
    this.#rate?.begin();
    reader.onAsked();
    publications.retained({ filter: reader.filter, after }, (result) =>
      this.#answered(reader, result),
    );
  }

  #answered(reader: RetainedReader, page: RetainedResult): void {
    // What was read for nobody stays spent.
    if (this.#isEnded) return;
    this.#isReading = false;
    this.#rate?.end();
    if (page.code !== 0) return this.#goOnIn(limits.mqttRetryMs);
    this.#rate?.spend(costOf(page));
    if (this.#waiting.delete(reader)) {
      reader.onPage(page);
      if (page.next !== '') this.#waiting.set(reader, page.next);
    }
    this.#options.session.whenWritten(() => this.#advance());
  }

  #goOnIn(ms: number): void {
    this.#pause = this.#options.clock.setTimeout(() => {
      this.#pause = undefined;
      this.#advance();
    }, ms);
  }
}

/** A page that is not the last has looked at as many values as one may, whether they match or not. */
function costOf({ bodies, next }: RetainedResult): number {
  const lookedAt = next === '' ? 0 : limits.retainedPageMax * limits.readBytesMin;
  return Math.max(
    lookedAt,
    bodies.reduce((sum, { length }) => sum + length, 0),
  );
}
