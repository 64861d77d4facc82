/**
 * The seam between what clients speak and everything else of a server. A *session* knows who its
 * client is, what is in flight, what waits to be written and how slow the peer is. A *protocol* turns
 * bytes into calls of the session, and deliveries into bytes. Which protocols there are is known to
 * the list of listeners alone (src/server/listeners.ts).
 */
import type { OpenResult } from '../../api/route-api.ts';
import type { MembershipChange } from '../../api/server-api.ts';
import type { CloseName } from '../../codec/close-codes.ts';
import type { Mark } from '../../codec/generated/link.ts';
import type { Run } from '../../codec/run.ts';
import type { GroupFacts, MarkPush } from '../../codec/server-frame.ts';
import type { Endpoint } from '../../http/endpoint.ts';
import type { GroupDelivery } from '../groups/group-message.ts';
import type { ProtocolName } from '../server-counters.ts';
import type { Login } from '../sessions/client-rules.ts';
import type { FrameReaders } from '../sessions/frame-readers.ts';
import type { Asker, Requests } from '../sessions/requests.ts';

/** What is spoken on a listener. */
export interface Wire {
  /** How its bytes become frames. */
  readonly frames: FrameReaders;
  /** Reads the first frame: `session.speak(…)`, then `session.logIn(…)`. Throws ProtocolError. */
  logIn(session: Session, frame: Uint8Array, isPadded: boolean): void;
  /** What it has on the HTTP port. */
  readonly endpoints: readonly Endpoint[];
}

/** What one client speaks, once its first frame has told. What it does not know, it ignores. */
export interface Protocol {
  /** For operators: connections are counted by it. */
  readonly name: ProtocolName;
  /** Whether the client is told why it is closed, and then comes back elsewhere by itself. */
  readonly isToldWhy: boolean;
  /** How long the client may say nothing; as long as those of cim, if absent. */
  readonly silenceMsMax?: number;
  /** Bytes that it holds for its client, beside what is in flight; none, if absent. */
  readonly heldBytes?: number;
  /** A frame behind the login, which lies in `bytes` from `start` to `end`. Throws ProtocolError. */
  receive(bytes: Uint8Array, start: number, end: number, isPadded: boolean): void;
  /** The login is done. Nothing is delivered before, except memberships. */
  onOpened(result: OpenResult): void;
  /** There is something to read in a timeline, up to `head`. Empty: its own. */
  hint(timeline: string, head: number): void;
  /** Messages of the client's own timeline, from number `seq` to number `last`. */
  push(seq: number, run: Run, last: number): void;
  groupMessage(message: GroupDelivery): void;
  /** A transient message for which there is room, in `bytes` from `start` to `end` and in `tail`. */
  transient(bytes: Uint8Array, start: number, end: number, tail: Uint8Array): void;
  /**
   * How far a reader has got. `version`: all marks up to it were told; with no marks here, they are to
   * be asked for.
   */
  marks(push: MarkPush, version: number): void;
  /** What a group is that the client follows. */
  groupFacts(facts: GroupFacts): void;
  /** The user has joined a group, or left it. */
  membership(change: MembershipChange): void;
  /** Nothing is written after this. */
  writeClose(code: number, reason: string): void;
  /** The store has its cursor: everything up to `seq` was shown. */
  onCursor?(seq: number): void;
  /** The connection has ended. */
  end(): void;
}

/** A session, as the protocol of its client sees it. */
export interface Session {
  readonly state: 'fresh' | 'opening' | 'ready' | 'closing' | 'closed';
  readonly ready: boolean;
  readonly sessionId: number;
  readonly userId: number;
  readonly userName: string;
  readonly device: string;
  /** Where it comes from; empty if its stream has none. */
  readonly address: string;
  /** Of the SDK instance: what it sends itself is not shown to it. */
  readonly epochHex: string;
  /** The newest number of the user's timeline of which this session knows. */
  readonly newest: number;

  /** From now on this is spoken. */
  speak(protocol: Protocol): void;
  /** Asks a route to let the client in; `onOpened` follows, or the end. Throws ProtocolError. */
  logIn(login: Login): void;
  /** What the client asks for; `asker` is told the answers. */
  requests(asker: Asker): Requests;
  /** Everything of its own timeline up to `seq` was shown, and of who has sent it so far. */
  moveCursor(seq: number, marks: readonly Mark[]): void;

  /** Whether there is room for a live message; if not, a hint follows when there is. */
  takesLive(timeline: string, seq: number): boolean;
  /** The same, for a message of a group; a transient one is dropped if there is no room. */
  takes(message: GroupDelivery): boolean;
  /** The same, for what is not stored and is no message. */
  takesTransient(): boolean;
  /** Bytes for which something that `takes…` them was asked. */
  writeLive(bytes: Uint8Array): void;
  /** A live frame of two parts, see Outbox. */
  writeFrame(
    bytes: Uint8Array,
    start: number,
    end: number,
    tail: Uint8Array,
    tailBytes?: number,
  ): void;
  /** Other bytes. A client that does not keep up with these is closed. */
  write(bytes: Uint8Array): void;
  /** Calls back when everything written so far was handed to the operating system. */
  whenWritten(done: () => void): void;
  /** Idempotent. */
  close(name: CloseName, reason?: string): void;
}

/** Encodes what is for many once: remembers the last that was asked for. */
export function encodedOnce<Message extends object, Bytes>(
  encode: (message: Message) => Bytes,
): (message: Message) => Bytes {
  let last: { readonly message: Message; readonly bytes: Bytes } | undefined;
  return (message) => {
    if (last?.message !== message) last = { message, bytes: encode(message) };
    return last.bytes;
  };
}
