/**
 * How long messages take from being accepted to being shown, of a sample of those that are pushed:
 * until their receiver has acknowledged them. A clock of another server may be part of it (what is
 * accepted is given the time of the server that took it).
 */
import type { Counters } from '../../base/process/counters.ts';
import { type Histogram, latencyBounds } from '../../base/process/histogram.ts';
import { acceptedAt } from '../../codec/message-body.ts';
import type { Run } from '../../codec/run.ts';

/** Under way at a time: more would cost on every acknowledgement, and say no more. */
const samplesMax = 64;
/** One that nobody acknowledges is told as having taken so long: at least that is true. */
const waitMsMax = 60_000;

interface UnderWay {
  readonly seq: number;
  readonly at: number;
}

export class ShownSamples {
  readonly #times: Histogram;
  /** ms since 1970. */
  readonly #now: () => number;
  readonly #underWay = new Map<object, UnderWay>();

  constructor(counters: Counters, now: () => number) {
    this.#now = now;
    this.#times = counters.histogram(
      'send-to-shown.seconds',
      'from accepted to acknowledged by a receiver who is there, of a sample of private messages',
      [...latencyBounds, 60],
    );
  }

  /** To a session, up to this number. */
  pushed(session: object, { bodies }: Run, seq: number): void {
    if (this.#underWay.size >= samplesMax || this.#underWay.has(session)) return;
    this.#underWay.set(session, { seq, at: acceptedAt(bodies) });
  }

  acknowledged(session: object, seq: number): void {
    const sample = this.#underWay.get(session);
    if (sample === undefined || seq < sample.seq) return;
    this.#underWay.delete(session);
    this.#observe(sample);
  }

  /** The session has ended: when its user sees the message, nobody knows. */
  forget(session: object): void {
    this.#underWay.delete(session);
  }

  sweep(): void {
    for (const [session, sample] of this.#underWay) {
      if (this.#now() - sample.at < waitMsMax) continue;
      this.#underWay.delete(session);
      this.#observe(sample);
    }
  }

  #observe({ at }: UnderWay): void {
    this.#times.observe((this.#now() - at) / 1_000);
  }
}
