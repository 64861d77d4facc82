/** What is read for a Java peer: its own timeline, and the lobby. It knows no other groups. */
import type { OpenResult, ReadResult } from '../../../api/route-api.ts';
import { limits } from '../../../base/limits.ts';
import { lobby } from '../../../codec/commands.ts';
import { markKind } from '../../../codec/generated/wire.ts';
import {
  encodeJavaMessage,
  encodeJavaOffline,
  encodeJavaTexts,
  JavaFanOut,
  type JavaSender,
  javaTextOf,
} from '../../../codec/java-frame.ts';
import { MarkGather } from '../../../codec/mark-gather.ts';
import { scanIfReadable } from '../../../codec/message-scan.ts';
import { JavaPace } from './java-pace.ts';
import { type JavaBatch, type JavaPeer, JavaReader } from './java-reader.ts';
import type { JavaReads } from './java-reads.ts';

interface Text {
  readonly sender: JavaSender;
  readonly to: number;
  readonly text: string;
}

/**
 * What it was sent counts as delivered when its connection has taken it. Whether somebody has read it
 * nobody can tell.
 */
export class OwnJavaReader extends JavaReader {
  protected override readonly timeline = '';
  readonly #delivered = new MarkGather(limits.markSourcesHeldMax);

  push(seq: number, bodies: readonly Uint8Array[]): void {
    if (bodies.length === 0) return this.wake();
    const last = seq + bodies.length - 1;
    // A run is one frame: a very long one is rather read page by page.
    if (!this.takesLive(seq, last, bytesOf(bodies) > limits.pageBytesMax)) return;
    this.#writeLive(bodies);
    this.#deliver(bodies, (index) => seq + index);
    this.cursor = last;
    this.peer.whenWritten(() => this.onMoved(last));
  }

  #writeLive(bodies: readonly Uint8Array[]): void {
    const { userId } = this.peer;
    const texts = this.#shown(bodies);
    const [first] = texts;
    if (!first) return;
    const frame =
      texts.length === 1
        ? encodeJavaMessage(userId, first.sender, first.text)
        : encodeJavaTexts(userId, first.sender, textsOf(texts));
    this.peer.write(frame);
    this.pace.gave(texts.length);
  }

  /** One frame for each sender: few, and the texts of each are in order. */
  protected override batchesOf({ bodies, seqs }: ReadResult): JavaBatch[] {
    this.#deliver(bodies, (index) => seqs[index] as number);
    const senders = Map.groupBy(this.#shown(bodies), ({ sender }) => sender.userId);
    return [...senders.values()].map((texts) => {
      const { sender } = texts[0] as Text;
      const frame = encodeJavaOffline(this.peer.userId, sender, textsOf(texts));
      return { parts: [frame], texts: texts.length };
    });
  }

  protected override onMoved(seq: number): void {
    this.peer.moveCursor(seq, this.#delivered.take(limits.marksPerFrameMax));
  }

  #deliver(bodies: readonly Uint8Array[], seqOf: (index: number) => number): void {
    const { userId } = this.peer;
    for (const [index, body] of bodies.entries()) {
      const fields = scanIfReadable(body);
      if (!fields || fields.from === userId) continue;
      const { from, epochHex, sendSeq } = fields;
      const seq = seqOf(index);
      this.#delivered.add({ from, epochHex, sendSeq, seq, kind: markKind.delivered });
    }
  }

  protected override onLate(): void {
    // What is for one user alone holds up nobody.
  }

  /** Not what its own user sent from elsewhere. */
  #shown(bodies: readonly Uint8Array[]): Text[] {
    const { userId } = this.peer;
    return readable(bodies, this.reads).filter(
      ({ sender, to }) => sender.userId !== userId || to === userId,
    );
  }
}

/** Its cursor lives as long as the connection. */
export class LobbyJavaReader extends JavaReader {
  protected override readonly timeline = lobby;

  /** Whether a message is to be written now; if not, it will be read. */
  takes(seq: number): boolean {
    if (!this.takesLive(seq, seq, false)) return false;
    this.cursor = seq;
    this.pace.gave(1);
    return true;
  }

  /** A frame for what one sender said without another in between: the order is that of the lobby. */
  protected override batchesOf(page: ReadResult): JavaBatch[] {
    const { userId } = this.peer;
    return lobbyRunsOf(page, this.reads)
      .filter(({ sender }) => sender.userId !== userId)
      .map(({ fanOut, texts }) => ({ parts: fanOut.partsFor(userId), texts }));
  }

  protected override onMoved(): void {
    // No cursor of the lobby is kept.
  }

  protected override onLate(isLate: boolean): void {
    this.reads.markLate(this, isLate);
  }
}

interface LobbyRun {
  readonly sender: JavaSender;
  readonly texts: number;
  readonly fanOut: JavaFanOut;
}

export interface JavaReaders {
  readonly own: OwnJavaReader;
  readonly lobby: LobbyJavaReader;
}

/** Of a peer that has logged in, as the route answered. */
export function javaReadersOf(
  reads: JavaReads,
  peer: JavaPeer,
  { cursor, groupHead }: OpenResult,
): JavaReaders {
  const pace = new JavaPace(reads.clock);
  return {
    own: new OwnJavaReader({ reads, peer, pace, cursor }),
    lobby: new LobbyJavaReader({ reads, peer, pace, cursor: groupHead }),
  };
}

/** A page is mostly read for many peers at once. */
const lobbyRuns = new WeakMap<ReadResult, readonly LobbyRun[]>();

function lobbyRunsOf(page: ReadResult, reads: JavaReads): readonly LobbyRun[] {
  let runs = lobbyRuns.get(page);
  if (!runs) {
    runs = runsOfOneSender(readable(page.bodies, reads)).map((texts) => {
      const { sender } = texts[0] as Text;
      return { sender, texts: texts.length, fanOut: new JavaFanOut(sender, textsOf(texts)) };
    });
    lobbyRuns.set(page, runs);
  }
  return runs;
}

/** What cannot be read is passed over, and counted. */
function readable(bodies: readonly Uint8Array[], { counters }: JavaReads): Text[] {
  const texts: Text[] = [];
  for (const body of bodies) {
    const fields = scanIfReadable(body);
    if (!fields) {
      counters.unreadable.value += 1;
      continue;
    }
    const { from, fromName, to } = fields;
    texts.push({ sender: { userId: from, name: fromName }, to, text: javaTextOf(body, fields) });
  }
  return texts;
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

function textsOf(texts: readonly Text[]): string[] {
  return texts.map(({ text }) => text);
}

function bytesOf(bodies: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const body of bodies) bytes += body.length;
  return bytes;
}
