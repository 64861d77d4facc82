/**
 * Reads what is retained for one MQTT client: a page at a time, however many filters it subscribes to, the
 * next when the client has the one before, and no more bytes than its user may read.
 */
import type { RetainedEntry, RetainedResult } from '../../../api/route-api.ts';
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

interface Question {
  readonly entry: RetainedEntry;
  readonly settle: (result: RetainedResult) => void;
}

export class MqttRetainedReads {
  readonly #options: RetainedReadsOptions;
  readonly #waiting: Question[] = [];
  /** Undefined until something is read; null: as much as it likes. */
  #rate: ReadRate | null | undefined;
  #isReading = false;
  #pause: Timer | undefined;
  #isEnded = false;

  constructor(options: RetainedReadsOptions) {
    this.#options = options;
  }

  /** A page that could not be had is asked for again. */
  read(entry: RetainedEntry, settle: (result: RetainedResult) => void): void {
    this.#waiting.push({ entry, settle });
    this.#advance();
  }

  end(): void {
    this.#isEnded = true;
    this.#waiting.length = 0;
    this.#pause?.cancel();
    if (this.#rate) this.#options.rates.reads.release(this.#rate);
  }

  #advance(): void {
    if (this.#isReading || this.#pause || this.#isEnded) return;
    const [question] = this.#waiting;
    if (!question) return;
    const { rates, session, publications } = this.#options;
    if (this.#rate === undefined) this.#rate = rates.holdReads(session.userId, session.address);
    const waitMs = this.#rate?.waitMs ?? 0;
    if (waitMs > 0) return this.#goOnIn(waitMs);
    this.#isReading = true;
    this.#rate?.begin();
    publications.retained(question.entry, (result) => this.#answered(question, result));
  }

  #answered({ settle }: Question, result: RetainedResult): void {
    // What was read for nobody stays spent.
    if (this.#isEnded) return;
    this.#isReading = false;
    this.#rate?.end();
    if (result.code !== 0) return this.#goOnIn(limits.mqttRetryMs);
    this.#rate?.spend(result.bodies.reduce((sum, { length }) => sum + length, 0));
    this.#waiting.shift();
    settle(result);
    this.#options.session.whenWritten(() => this.#advance());
  }

  #goOnIn(ms: number): void {
    this.#pause = this.#options.clock.setTimeout(() => {
      this.#pause = undefined;
      this.#advance();
    }, ms);
  }
}
