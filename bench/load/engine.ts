/**
 * Keeps exactly so many messages in flight, and counts. A message is in flight from when it is sent
 * until it has arrived and, if it is a durable one, is acknowledged; then the next takes its place.
 * Messages of one sender arrive in their order, so counting is enough to know which one it was.
 */
import { Latencies } from '../../src/load/latencies.ts';
import { Turn } from '../../src/load/turn.ts';
import type { LoadConnection, LoadEvents, Pattern } from './driver.ts';

export interface EngineOptions {
  readonly connections: number;
  readonly pattern: Pattern;
  readonly durable: boolean;
  /** Messages in flight: of each sender, or (`scattered`) of all together. */
  readonly window: number;
  /** From the end of one message to the next, if it is not to follow at once. */
  readonly gapMs: number;
}

/** Of one sender in the `scattered` pattern. */
const scatteredWindowMax = 16;

export class Engine implements LoadEvents {
  readonly turn = new Turn(() => this.#send());
  readonly latencies = new Latencies();
  sentCount = 0;
  deliveredCount = 0;
  /** The first thing that went wrong. */
  failure = '';

  readonly #options: EngineOptions;
  readonly connections: LoadConnection[] = [];
  /** By sender: messages sent, acknowledged, over, and allowed to be sent. */
  readonly #sent: Float64Array;
  readonly #acknowledged: Float64Array;
  readonly #over: Float64Array;
  readonly #allowed: Float64Array;
  /** By receiver. */
  readonly #delivered: Float64Array;
  /** When messages were sent: a ring for each sender. */
  readonly #sentAt: Float64Array;
  readonly #ringLength: number;
  /** Deliveries since the start. */
  #arrivals = 0;
  #toSend: number[] = [];
  #isRunning = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    const { connections, pattern, window } = options;
    this.#sent = new Float64Array(connections);
    this.#acknowledged = new Float64Array(connections);
    this.#over = new Float64Array(connections);
    this.#allowed = new Float64Array(connections);
    this.#delivered = new Float64Array(connections);
    const windowMax = pattern === 'scattered' ? scatteredWindowMax : window;
    this.#ringLength = 2 ** Math.ceil(Math.log2(windowMax + 1));
    this.#sentAt = new Float64Array((pattern === 'group' ? 1 : connections) * this.#ringLength);
  }

  start(): void {
    const { pattern, window } = this.#options;
    this.#isRunning = true;
    if (pattern === 'pairs')
      // One first, by way of introduction: no system is to be flooded before it knows who is where.
      for (const index of this.connections.keys()) this.#allow(index, 1);
    else if (pattern === 'group') this.#allow(0, window);
    else this.#allowAnybody(window);
  }

  /** Nothing more is sent; what is in flight still arrives. */
  end(): void {
    this.#isRunning = false;
  }

  /** Counts from here. */
  reset(): void {
    this.deliveredCount = 0;
    this.latencies.reset();
  }

  /** What is sent and has not arrived, in deliveries. */
  get missing(): number {
    const { pattern } = this.#options;
    const receivers = pattern === 'group' ? this.connections.length - 1 : 1;
    return this.sentCount * receivers - this.#arrivals;
  }

  // ---- LoadEvents -------------------------------------------------------------------------------

  delivered(receiver: number, count: number): void {
    const sender = this.#options.pattern === 'group' ? 0 : receiver ^ 1;
    const first = at(this.#delivered, receiver);
    this.#delivered[receiver] = first + count;
    this.#arrivals += count;
    this.deliveredCount += count;
    this.#record(sender, first, count);
    this.#settle(sender);
  }

  acknowledged(sender: number, count: number): void {
    this.#acknowledged[sender] = at(this.#acknowledged, sender) + count;
    this.#settle(sender);
  }

  failed(reason: string): void {
    if (this.failure === '') this.failure = reason;
  }

  // -----------------------------------------------------------------------------------------------

  /** What was sent in one turn has one time, so it is recorded as one. */
  #record(sender: number, first: number, count: number): void {
    const now = performance.now();
    const start = sender * this.#ringLength;
    let runAt = at(this.#sentAt, start + (first % this.#ringLength));
    let runLength = 0;
    for (let number = first; number < first + count; number++) {
      const sentAt = at(this.#sentAt, start + (number % this.#ringLength));
      if (sentAt !== runAt) {
        this.latencies.record(now - runAt, runLength);
        runAt = sentAt;
        runLength = 0;
      }
      runLength += 1;
    }
    this.latencies.record(now - runAt, runLength);
  }

  #settle(sender: number): void {
    const arrived = this.#arrivedOf(sender);
    const over = this.#options.durable
      ? Math.min(arrived, at(this.#acknowledged, sender))
      : arrived;
    const before = at(this.#over, sender);
    if (over <= before) return;
    this.#over[sender] = over;
    const { pattern, window, gapMs } = this.#options;
    const count = pattern === 'pairs' && before === 0 ? window : over - before;
    if (gapMs > 0) setTimeout(() => this.#allow(sender, count), gapMs);
    else if (pattern === 'scattered') this.#allowAnybody(count);
    else this.#allow(sender, count);
  }

  /** Messages of this sender that all who should have got. */
  #arrivedOf(sender: number): number {
    if (this.#options.pattern !== 'group') return at(this.#delivered, sender ^ 1);
    return Math.floor(this.#arrivals / (this.connections.length - 1));
  }

  #allow(sender: number, count: number): void {
    if (!this.#isRunning) return;
    if (this.#allowed[sender] === 0) this.#toSend.push(sender);
    this.#allowed[sender] = at(this.#allowed, sender) + count;
    this.turn.schedule();
  }

  #allowAnybody(count: number): void {
    for (let number = 0; number < count; number++) {
      let sender = randomBelow(this.connections.length);
      while (this.#inFlight(sender) >= scatteredWindowMax)
        sender = randomBelow(this.connections.length);
      this.#allow(sender, 1);
    }
  }

  #inFlight(sender: number): number {
    return at(this.#sent, sender) + at(this.#allowed, sender) - at(this.#over, sender);
  }

  #send(): void {
    const now = performance.now();
    const toSend = this.#toSend;
    this.#toSend = [];
    for (const sender of toSend) {
      const count = at(this.#allowed, sender);
      const first = at(this.#sent, sender);
      this.#allowed[sender] = 0;
      this.#sent[sender] = first + count;
      this.sentCount += count;
      const start = sender * this.#ringLength;
      for (let number = first; number < first + count; number++)
        this.#sentAt[start + (number % this.#ringLength)] = now;
      this.connections[sender]?.send(count);
    }
  }
}

function at(numbers: Float64Array, index: number): number {
  return numbers[index] as number;
}

function randomBelow(limit: number): number {
  return Math.floor(Math.random() * limit);
}
