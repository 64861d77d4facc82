/**
 * The network between one device and the rest, which can fail: a Transport and an HttpTransport on
 * those of the machine. What TCP promises holds: bytes of a connection arrive in order and without
 * holes, late or not at all.
 */
import { type Clock, systemClock } from '../base/clock.ts';
import { CimError } from '../base/errors.ts';
import type {
  ByteStream,
  ByteStreamEvents,
  HttpRequest,
  HttpTransport,
  ServerPort,
  Transport,
} from '../client/sdk/index.ts';

/**
 * `silent`: packets vanish and nobody is told; what was written arrives when the network is back.
 * `down`: connections are refused.
 */
export type NetworkState = 'up' | 'silent' | 'down';

export class FragileNetwork {
  readonly transport: Transport;
  readonly http: HttpTransport;
  readonly #machine: { readonly transport: Transport; readonly http: HttpTransport };
  readonly #clock: Clock;
  readonly #streams = new Set<FragileStream>();
  #state: NetworkState = 'up';
  #delayMs = 0;

  constructor(
    machine: { readonly transport: Transport; readonly http: HttpTransport },
    clock = systemClock,
  ) {
    this.#machine = machine;
    this.#clock = clock;
    this.transport = { open: (...connection) => this.#open(...connection) };
    this.http = { request: (...call) => this.#request(...call) };
  }

  /** What was held back passes when it is `up` again. */
  become(state: NetworkState): void {
    this.#state = state;
    if (state === 'down') this.cut();
    for (const stream of this.#streams) stream.pass();
  }

  /** Everything takes so much longer, in each direction. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Ends every connection; new ones are made as the state lets them. */
  cut(): void {
    for (const stream of this.#streams) stream.break('the connection was reset');
  }

  /** As by the death of the device: every connection ends, and nobody here is told. */
  abandon(): void {
    for (const stream of this.#streams) stream.abandon();
  }

  #open(server: ServerPort, events: ByteStreamEvents): ByteStream {
    const stream: FragileStream = new FragileStream({
      clock: this.#clock,
      delayMs: () => this.#delayMs,
      isHeld: () => this.#state === 'silent',
      events,
      onGone: () => this.#streams.delete(stream),
    });
    this.#streams.add(stream);
    stream.connect((heard) => this.#machine.transport.open(server, heard));
    if (this.#state === 'down') stream.break('the network is down');
    return stream;
  }

  async #request(url: string, request: HttpRequest): Promise<unknown> {
    if (this.#state === 'down') throw new CimError('unavailable', 'the network is down');
    if (this.#state === 'silent') {
      await this.#wait(request.timeoutMs);
      throw new CimError('unavailable', 'no answer');
    }
    if (this.#delayMs > 0) await this.#wait(2 * this.#delayMs);
    return this.#machine.http.request(url, request);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimeout(resolve, ms);
    });
  }
}

interface FragileStreamOptions {
  readonly clock: Clock;
  readonly delayMs: () => number;
  readonly isHeld: () => boolean;
  readonly events: ByteStreamEvents;
  readonly onGone: () => void;
}

/** Something that happens to a connection, in its turn. */
interface Step {
  readonly dueMs: number;
  run(): void;
}

class FragileStream implements ByteStream {
  readonly #options: FragileStreamOptions;
  /** One queue for both directions: each is in order, and that is all that matters. */
  readonly #steps: Step[] = [];
  #stream: ByteStream | undefined;
  /** The device has closed it, or heard of its end. */
  #isOver = false;

  constructor(options: FragileStreamOptions) {
    this.#options = options;
  }

  connect(open: (events: ByteStreamEvents) => ByteStream): void {
    this.#stream = open({
      opened: () => this.#add(() => this.#tell((events) => events.opened())),
      received: (bytes) => {
        const copy = bytes.slice();
        this.#add(() => this.#tell((events) => events.received(copy)));
      },
      ended: (reason) =>
        this.#add(() => {
          this.#tell((events) => events.ended(reason));
          this.#gone();
        }),
    });
  }

  get bufferedBytes(): number {
    return this.#stream?.bufferedBytes ?? 0;
  }

  write(bytes: Uint8Array): void {
    this.#add(() => this.#stream?.write(bytes));
  }

  /** The device is gone from here at once, what it has written before goes its way. */
  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#add(() => {
      void this.#stream?.close();
      this.#gone();
    });
  }

  /** What is on its way is lost. */
  break(reason: string): void {
    void this.#stream?.close();
    this.#gone();
    // A transport tells nothing before `open` has returned.
    queueMicrotask(() => this.#tell((events) => events.ended(reason)));
  }

  abandon(): void {
    this.#isOver = true;
    void this.#stream?.close();
    this.#gone();
  }

  /** Lets pass what is due. */
  pass(): void {
    while (!this.#options.isHeld()) {
      const step = this.#steps[0];
      if (!step || step.dueMs > this.#options.clock.monotonic()) return;
      this.#steps.shift();
      step.run();
    }
  }

  #add(run: () => void): void {
    const { clock, delayMs, isHeld } = this.#options;
    if (this.#steps.length === 0 && delayMs() === 0 && !isHeld()) {
      run();
      return;
    }
    const dueMs = clock.monotonic() + delayMs();
    this.#steps.push({ dueMs, run });
    // One late by a millisecond of rounding finds the queue empty, or waits for its own time.
    clock.setTimeout(() => this.pass(), delayMs() + 1);
  }

  #tell(tell: (events: ByteStreamEvents) => void): void {
    if (!this.#isOver) tell(this.#options.events);
  }

  #gone(): void {
    this.#steps.length = 0;
    this.#stream = undefined;
    this.#options.onGone();
  }
}
