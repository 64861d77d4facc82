/** What waits to be written to one connection, and for how long its peer has taken none of it. */
import type { Duplex } from 'node:stream';
import { Outbox } from '../net/outbox.ts';

export class Backlog {
  readonly #stream: Duplex;
  readonly #outbox: Outbox;
  /** Since when the peer has taken none of the bytes that wait for it; 0 = none wait. */
  #stalledAt = 0;
  /** Bytes that it had taken then. */
  #takenBytes = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#outbox = new Outbox(stream);
  }

  get bufferedBytes(): number {
    return this.#outbox.bufferedBytes;
  }

  write(frame: Uint8Array): void {
    this.#outbox.write(frame);
  }

  flush(): void {
    this.#outbox.flush();
  }

  /** Calls back when everything written so far was handed to the operating system. */
  whenWritten(done: () => void): void {
    this.#outbox.flush();
    this.#stream.write(new Uint8Array(), (error) => {
      if (!error) done();
    });
  }

  /** For how long nothing was taken of what waits, as far as was seen: to be called now and then. */
  stalledMs(now: number): number {
    const { bufferedBytes, queuedBytes } = this.#outbox;
    const takenBytes = queuedBytes - bufferedBytes;
    if (bufferedBytes === 0) this.#stalledAt = 0;
    else if (this.#stalledAt === 0 || takenBytes > this.#takenBytes) this.#stalledAt = now;
    this.#takenBytes = takenBytes;
    return this.#stalledAt === 0 ? 0 : now - this.#stalledAt;
  }
}
