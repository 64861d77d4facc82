/**
 * Plays the SDK's part for a Java peer, whose protocol knows neither numbers nor acknowledgements:
 * reads its timeline from the cursor, writes what is pending before anything live (one OFFLINE
 * frame per run of one sender), and moves the cursor when a frame was written to the socket.
 */
import type { ReadResult } from '../api/route-api.ts';
import { limits } from '../base/limits.ts';
import { command } from '../codec/commands.ts';
import {
  encodeJavaMessage,
  encodeJavaOffline,
  encodeJavaPush,
  type JavaSender,
  javaTextOf,
} from '../codec/java-frame.ts';
import { type MessageFields, scanMessage } from '../codec/message-scan.ts';

/** The connection that it reads for. */
export interface JavaPeer {
  readonly userId: number;
  readonly ready: boolean;
  write(frame: Uint8Array): void;
  whenWritten(done: () => void): void;
  moveCursor(seq: number): void;
}

/** What the reader needs of the gateway; one for all readers. */
export interface JavaReaderOwner {
  readTimeline(userId: number, after: number): Promise<ReadResult>;
  /** Resolves when a read that was refused may be tried again. */
  retryDelay(): Promise<void>;
}

interface Text {
  readonly sender: JavaSender;
  readonly text: string;
}

export class JavaReader {
  readonly #owner: JavaReaderOwner;
  readonly #peer: JavaPeer;
  #cursor: number;
  #head = 0;
  /** The newest number that was pushed since the read under way was sent. */
  #pushed = 0;
  /** There may be more than is known of; a page that was asked for before does not tell. */
  #isWoken = false;
  #reading = false;

  /** `cursor` is that of the login. */
  constructor(owner: JavaReaderOwner, peer: JavaPeer, cursor: number) {
    this.#owner = owner;
    this.#peer = peer;
    this.#cursor = cursor;
  }

  /** The login is done, and the timeline's newest number was `head`. */
  start(head: number): void {
    this.#head = head;
    if (head !== this.#cursor) void this.#readOn();
  }

  /** Look into the timeline, whatever is known of it. */
  wake(): void {
    this.#isWoken = true;
    if (!this.#reading) void this.#readOn();
  }

  push(seq: number, bodies: readonly Uint8Array[]): void {
    if (bodies.length === 0) return this.wake();
    const last = seq + bodies.length - 1;
    this.#head = Math.max(this.#head, last);
    this.#pushed = Math.max(this.#pushed, last);
    if (this.#reading || last <= this.#cursor) return;
    // A run is one frame: a very long one is rather read page by page.
    if (seq !== this.#cursor + 1 || bytesOf(bodies) > limits.pageBytesMax) {
      void this.#readOn();
      return;
    }
    this.#writeLive(bodies);
    this.#advance(last);
  }

  #writeLive(bodies: readonly Uint8Array[]): void {
    const { userId } = this.#peer;
    const texts = this.#textsOf(bodies);
    const [first] = texts;
    if (!first) return;
    if (texts.length === 1) {
      this.#peer.write(encodeJavaMessage(userId, first.sender, first.text));
      return;
    }
    const properties = {
      sendUserId: String(first.sender.userId),
      sendUserName: first.sender.name,
      receiveUserId: String(userId),
    };
    this.#peer.write(
      encodeJavaPush(
        userId,
        command.message,
        properties,
        '',
        texts.map(({ text }) => text),
      ),
    );
  }

  /** Reads page after page until the head is reached, one at least if woken. Never rejects. */
  async #readOn(): Promise<void> {
    this.#reading = true;
    try {
      while ((this.#isWoken || this.#cursor !== this.#head) && this.#peer.ready) {
        this.#pushed = 0;
        const wasWoken = this.#isWoken;
        this.#isWoken = false;
        const page = await this.#owner.readTimeline(this.#peer.userId, this.#cursor);
        if (page.code === 0) {
          await this.#take(page);
        } else {
          this.#isWoken ||= wasWoken;
          await this.#owner.retryDelay();
        }
      }
    } finally {
      this.#reading = false;
    }
  }

  /** Resolves when the page was written, so that a slow peer is not read for ahead of itself. */
  #take(page: ReadResult): Promise<void> {
    // The page may be older than a push: they come by different ways.
    this.#head = Math.max(page.head, this.#pushed);
    const texts = this.#textsOf(page.bodies);
    for (const run of runsOfOneSender(texts)) {
      const [first] = run;
      if (first)
        this.#peer.write(
          encodeJavaOffline(
            this.#peer.userId,
            first.sender,
            run.map(({ text }) => text),
          ),
        );
    }
    // An empty page below the head: retention took the rest, or a failover lost it.
    return new Promise((resolve) => this.#advance(page.seqs.at(-1) ?? page.head, resolve));
  }

  /** The cursor moves when what was written so far has left; if it never does, it does not move. */
  #advance(seq: number, written?: () => void): void {
    this.#cursor = seq;
    this.#peer.whenWritten(() => {
      this.#peer.moveCursor(seq);
      written?.();
    });
  }

  /** What a Java client shows: not what its own user sent from elsewhere. */
  #textsOf(bodies: readonly Uint8Array[]): Text[] {
    const { userId } = this.#peer;
    return bodies
      .map((body): [Uint8Array, MessageFields] => [body, scanMessage(body)])
      .filter(([, fields]) => fields.from !== userId || fields.to === userId)
      .map(([body, fields]) => ({
        sender: { userId: fields.from, name: fields.fromName },
        text: javaTextOf(body, fields),
      }));
  }
}

function bytesOf(bodies: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const body of bodies) bytes += body.length;
  return bytes;
}

function runsOfOneSender(texts: readonly Text[]): Text[][] {
  const runs: Text[][] = [];
  for (const text of texts) {
    const run = runs.at(-1);
    if (run?.[0]?.sender.userId === text.sender.userId) run.push(text);
    else runs.push([text]);
  }
  return runs;
}
