/**
 * Plays the SDK's part for a Java peer, whose protocol knows neither numbers nor acknowledgements:
 * reads a timeline from its cursor, writes what is pending before anything live, and no more than
 * such a client can take (JavaPace). What is pushed is written as it comes if it is the next and
 * there is room; otherwise it is read, page by page.
 */
import type { ReadResult } from '../../../api/route-api.ts';
import { limits } from '../../../base/limits.ts';
import type { Mark } from '../../../codec/generated/link.ts';
import type { JavaPace } from './java-pace.ts';
import type { JavaReads } from './java-reads.ts';

/** The connection that it reads for. */
export interface JavaPeer {
  readonly userId: number;
  readonly ready: boolean;
  write(frame: Uint8Array): void;
  whenWritten(done: () => void): void;
  moveCursor(seq: number, marks: readonly Mark[]): void;
}

/** A frame of a page, and how many texts it holds. */
export interface JavaBatch {
  readonly parts: readonly Uint8Array[];
  readonly texts: number;
}

export interface JavaReaderOptions {
  readonly reads: JavaReads;
  readonly peer: JavaPeer;
  /** Of all that the peer is given. */
  readonly pace: JavaPace;
  /** The newest message that it has had. */
  readonly cursor: number;
}

export abstract class JavaReader {
  /** Empty: the peer's own timeline. */
  protected abstract readonly timeline: string;
  protected readonly peer: JavaPeer;
  protected readonly reads: JavaReads;
  protected readonly pace: JavaPace;
  protected cursor: number;
  #head = 0;
  /** The newest number that was pushed since the read under way was sent. */
  #pushed = 0;
  /** There may be more than is known of; a page that was asked for before does not tell. */
  #isWoken = false;
  #reading = false;
  #isLate = false;

  constructor({ reads, peer, pace, cursor }: JavaReaderOptions) {
    this.reads = reads;
    this.peer = peer;
    this.pace = pace;
    this.cursor = cursor;
    this.#head = cursor;
  }

  /** The login is done, and the timeline's newest number was `head`. */
  start(head: number): void {
    this.#head = head;
    if (head !== this.cursor && !this.#reading) void this.#readOn();
  }

  /** Look into the timeline, whatever is known of it. */
  wake(): void {
    this.#isWoken = true;
    if (!this.#reading) void this.#readOn();
  }

  /** The timeline has got as far as this. */
  raiseHead(head: number): void {
    this.#head = Math.max(this.#head, head);
    if (this.#head !== this.cursor && !this.#reading) void this.#readOn();
  }

  /** Whether what was pushed, up to `last`, is to be written now; if not, it will be read. */
  protected takesLive(seq: number, last: number, isLong: boolean): boolean {
    this.#head = Math.max(this.#head, last);
    this.#pushed = Math.max(this.#pushed, last);
    if (this.#reading || last <= this.cursor) return false;
    if (seq === this.cursor + 1 && !isLong && this.pace.hasRoom) return true;
    void this.#readOn();
    return false;
  }

  protected abstract batchesOf(page: ReadResult): readonly JavaBatch[];

  /** All up to `seq` was written, and shown. */
  protected abstract onMoved(seq: number): void;

  /** It is far behind, and not because its peer takes nothing; or not any more. */
  protected abstract onLate(isLate: boolean): void;

  /** Reads page after page until the head is reached, one at least if woken. Never rejects. */
  async #readOn(): Promise<void> {
    this.#reading = true;
    try {
      while ((this.#isWoken || this.cursor !== this.#head) && this.peer.ready) {
        this.#judge();
        await this.pace.idle();
        this.#pushed = 0;
        const wasWoken = this.#isWoken;
        this.#isWoken = false;
        const page = await this.reads.read(this.peer.userId, this.timeline, this.cursor);
        if (page.code === 0) {
          await this.#take(page);
        } else {
          this.#isWoken ||= wasWoken;
          this.#setLate(false);
          await this.reads.retryDelay();
        }
      }
    } finally {
      this.#reading = false;
      this.#setLate(false);
    }
  }

  /** Resolves when the page was written and shown: a slow peer is not read for ahead of itself. */
  async #take(page: ReadResult): Promise<void> {
    // The page may be older than a push: they come by different ways.
    this.#head = Math.max(page.head, this.#pushed);
    for (const { parts, texts } of this.batchesOf(page)) {
      if (!this.pace.hasRoom) await this.pace.idle();
      for (const part of parts) this.peer.write(part);
      this.pace.gave(texts);
    }
    const written = this.#written();
    await this.pace.idle();
    // Nobody waits for a peer that takes nothing.
    if (!written.isDone) this.#setLate(false);
    await written.promise;
    // An empty page below the head: retention took the rest, or a failover lost it.
    this.cursor = page.seqs.at(-1) ?? page.head;
    this.onMoved(this.cursor);
  }

  /** If it never is, because the connection ends, nothing goes on. */
  #written(): { readonly promise: Promise<void>; isDone: boolean } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const written = { promise, isDone: false };
    this.peer.whenWritten(() => {
      written.isDone = true;
      resolve();
    });
    return written;
  }

  #judge(): void {
    const behind = this.#head - this.cursor;
    if (behind > limits.javaLateMessages) this.#setLate(true);
    else if (behind <= limits.javaLateMessages / 2) this.#setLate(false);
  }

  #setLate(isLate: boolean): void {
    if (this.#isLate === isLate) return;
    this.#isLate = isLate;
    this.onLate(isLate);
  }
}
