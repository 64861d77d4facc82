/**
 * The turns of a load generator's event loop: what is to be sent because of all that arrived in one
 * turn leaves at its end, with one system call per connection.
 */
import type { LoadStream } from './web-socket-dial.ts';

export class Turn {
  readonly #onEnd: () => void;
  #isScheduled = false;
  #dirty: TurnSocket[] = [];

  /** `onEnd` is called before the sockets are written to, and may queue more. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#end());
  }

  add(socket: TurnSocket): void {
    this.#dirty.push(socket);
    this.schedule();
  }

  #end(): void {
    this.#onEnd();
    this.#isScheduled = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const socket of dirty) socket.flush();
  }
}

export class TurnSocket {
  readonly #dialled: LoadStream;
  readonly #turn: Turn;
  #queued: Uint8Array[] = [];

  constructor(dialled: LoadStream, turn: Turn) {
    this.#dialled = dialled;
    this.#turn = turn;
  }

  queue(bytes: Uint8Array): void {
    if (this.#queued.length === 0) this.#turn.add(this);
    this.#queued.push(bytes);
  }

  flush(): void {
    const [only, ...others] = this.#queued;
    if (!only) return;
    this.#dialled.stream.write(others.length === 0 ? only : Buffer.concat(this.#queued));
    this.#queued = [];
  }

  get traffic(): { readonly read: number; readonly written: number } {
    const { bytesRead: read = 0, bytesWritten: written = 0 } = this.#dialled.socket ?? {};
    return { read, written };
  }

  close(): void {
    this.#dialled.stream.destroy();
  }
}

/** `frame`, so many times. */
export function repeat(frame: Uint8Array, count: number): Uint8Array {
  if (count === 1) return frame;
  const repeated = Buffer.allocUnsafe(frame.length * count);
  for (let index = 0; index < count; index++) repeated.set(frame, index * frame.length);
  return repeated;
}
