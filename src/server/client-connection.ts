/**
 * One client's connection: from the first byte to the close. It knows frames, the login, what is in
 * flight and how to end; routes, the table of sessions and time are its gateway's
 * (`ConnectionOwner`). A bad peer ends its own connection, and nothing else notices.
 *
 *   fresh ──LOGIN──▶ opening ──token good, the route took it──▶ ready ──▶ closing ──▶ closed
 *     └───────────────────┴─────────────── close ────────────────┴──────────┘
 */
import type { Duplex } from 'node:stream';
import type { OpenResult } from '../api/route-api.ts';
import type { MembershipEntry } from '../api/server-api.ts';
import { limits } from '../base/limits.ts';
import { commandOf, decodeLogin, type LoginFrame } from '../codec/client-frame.ts';
import { type CloseName, closeCodes } from '../codec/close-codes.ts';
import { command, lobby, protocolVersion } from '../codec/commands.ts';
import { ProtocolError } from '../codec/protocol-error.ts';
import { bodiesOf, type Run } from '../codec/run.ts';
import {
  encodeCloseCode,
  encodeHint,
  encodeJoined,
  encodeLeft,
  encodeWelcome,
  pong,
} from '../codec/server-frame.ts';
import type { Arrival } from '../net/arrivals.ts';
import { own, type StreamOwner } from '../net/stream-owner.ts';
import { Backlog, type BacklogOwner } from './backlog.ts';
import { type CimPeer, CimRequests, type RequestOwner } from './cim-requests.ts';
import { assertLogin } from './client-rules.ts';
import { CursorReport } from './cursor-report.ts';
import { encodeUnnumbered } from './fan-out.ts';
import { type FrameReader, type FrameReceiver, readFrames } from './frame-readers.ts';
import type { JavaPeer, JavaReader } from './java-reader.ts';
import type { OutboxBudget, Waiting } from './outbox-budget.ts';
import type { ServerCounters } from './server-counters.ts';

/** What a connection needs of its gateway. */
export interface ConnectionOwner extends RequestOwner {
  readonly counters: ServerCounters;
  readonly budget: OutboxBudget;
  /** No more logins: everybody is to go elsewhere. */
  readonly isMoving: boolean;
  /** A number for a connection that is about to open, never used before in this instance. */
  nextSessionId(): number;
  monotonic(): number;
  /** Answered by `opened`, or the end. */
  open(connection: ClientConnection, login: LoginFrame): void;
  /** The stream has ended; called once. */
  closed(connection: ClientConnection): void;
  /** Something that the connection sent made us fail. */
  failed(error: unknown): void;
}

type State = 'fresh' | 'opening' | 'ready' | 'closing' | 'closed';

/** How long a closed connection may take to fetch its last frame. */
const lingerMs = 2_000;

/** There are very many, most of them idle: what is not always needed is made when it is. */
export class ClientConnection
  implements CimPeer, JavaPeer, BacklogOwner, FrameReceiver, StreamOwner, Waiting
{
  readonly sessionId: number;
  /** Empty if its stream has none. */
  readonly address: string;
  userId = 0;
  userName = '';
  device = '';
  /** Of the account, as its token says; 0 without one. */
  generation = 0;
  /** 0 until a route has recorded the session. */
  connectionNumber = 0;
  epochHex = '';
  ephemeral = false;
  /**
   * The newest number of the user's timeline of which this connection was told, or that it sent
   * itself; of what was pushed before the login was answered it is told after that.
   */
  newest = 0;
  /** Only for Java peers: reads the timeline on their behalf. */
  javaReader: JavaReader | null = null;

  readonly #owner: ConnectionOwner;
  readonly #stream: Duplex;
  /** Null while it is as a new one would be: nothing waits to be written. */
  #usedBacklog: Backlog | null = null;
  /** Null between frames. */
  #halfRead: FrameReader | null = null;
  /** There is no room; told at the login. */
  readonly #isOver: boolean;
  #state: State = 'fresh';
  #speaksCim = false;
  /** Since when the sweep has been waiting: for the login, a word of the peer, or the end. */
  #waitingSince: number;
  #isLeaving = false;
  /** Of a cim client, once it has asked for something. */
  #requests: CimRequests | null = null;
  #cursor: CursorReport | null = null;
  /** Groups joined or left before the login was answered; told after that. */
  #memberships: MembershipEntry[] | null = null;

  /**
   * Takes over `stream`, which ends itself when its peer has (`allowHalfOpen` false, as of a
   * socket): nobody is kept for what he might still read.
   */
  constructor(owner: ConnectionOwner, stream: Duplex, { address, isOver }: Arrival) {
    this.#owner = owner;
    this.address = address;
    this.#isOver = isOver;
    this.#stream = stream;
    this.sessionId = owner.nextSessionId();
    this.#waitingSince = owner.monotonic();
    own(stream, this);
  }

  get state(): State {
    return this.#state;
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  get java(): boolean {
    return this.javaReader !== null;
  }

  get #backlog(): Backlog {
    this.#usedBacklog ??= new Backlog(this, this.#stream, this.#owner.budget);
    return this.#usedBacklog;
  }

  // ---- what the client sends --------------------------------------------------------------------

  received(chunk: Uint8Array): void {
    if (this.#state === 'closing') return;
    if (this.ready) this.#waitingSince = this.#owner.monotonic();
    const bytesMax = this.ready ? limits.frameBytesMax : limits.loginFrameBytesMax;
    try {
      this.#halfRead = readFrames(this, this.#halfRead, chunk, bytesMax);
    } catch (error) {
      if (error instanceof ProtocolError) return this.close('protocol-error', error.message);
      // A mistake of ours, brought out by this peer: nobody else's connection ends for it.
      this.#owner.failed(error);
      this.close('failed');
    }
  }

  receiveFrame(bytes: Uint8Array, start: number, end: number): void {
    const received = commandOf(bytes, start, end);
    switch (this.#state) {
      case 'fresh':
        if (received !== command.login) throw new ProtocolError('the first frame must be a login');
        return this.#login(bytes.subarray(start, end));
      case 'opening':
        // A Java peer sends its first ping whenever it likes; a cim client waits for the welcome.
        if (received !== command.ping) throw new ProtocolError('the login is not done yet');
        return this.#backlog.write(pong);
      case 'ready':
        if (received === command.ping) return this.write(pong);
        // Chat of a Java peer goes over HTTP; on its connection only heartbeats count, and whatever
        // else it sends is ignored as the Java server does.
        if (this.java) return;
        this.#requests ??= new CimRequests(this, this.#owner, this.#stream);
        return this.#requests.receive(received, bytes, start, end);
      default:
      // What still arrives on a connection that is closing is nobody's.
    }
  }

  #login(frame: Uint8Array): void {
    const login = decodeLogin(frame);
    this.#speaksCim = login.protocolVersion > 0;
    if (login.protocolVersion > protocolVersion + 1) return this.close('wrong-version');
    if (this.#owner.isMoving) return this.close('moving');
    if (this.#isOver) return this.close('full');
    if (this.#speaksCim) assertLogin(login);
    if (login.userId <= 0) throw new ProtocolError(`${login.userId} is no user id`);
    this.userId = login.userId;
    this.userName = login.userName;
    this.device = login.device;
    this.epochHex = login.epochHex;
    this.ephemeral = login.ephemeral;
    this.#state = 'opening';
    this.#owner.open(this, login);
  }

  moveCursor(seq: number): void {
    this.#cursor ??= new CursorReport(this, '', this.#owner);
    this.#cursor.move(seq);
  }

  // ---- what routes answer -----------------------------------------------------------------------

  /** The route took the session: the client is logged in. */
  opened(result: OpenResult, java: JavaReader | null): void {
    this.#state = 'ready';
    this.#waitingSince = this.#owner.monotonic();
    this.connectionNumber = result.connectionNumber;
    this.javaReader = java;
    this.told(result.head);
    const head = this.newest;
    if (java) {
      java.start(head);
    } else {
      const { cursor, groupHead: lobbyHead, groups } = result;
      this.write(encodeWelcome({ device: this.device, cursor, head, lobbyHead, groups }));
      const { newest } = this.#owner.groups.lobby;
      if (newest > lobbyHead) this.write(encodeHint(lobby, newest));
      for (const entry of this.#memberships ?? []) this.membership(entry);
      this.#memberships = null;
    }
  }

  /** Reported again, as the store did not know it; what was pushed meanwhile went past it. */
  reopened({ connectionNumber, head }: OpenResult): void {
    this.connectionNumber = connectionNumber;
    this.missed(head);
  }

  /** The user's timeline has got as far as this: whatever was not pushed here is to be read. */
  missed(head: number): void {
    if (!this.ready || head <= this.newest) return;
    this.#owner.counters.checks.missed.value += 1;
    this.newest = head;
    if (this.javaReader) this.javaReader.wake();
    else this.write(encodeHint('', head));
  }

  told(seq: number): void {
    if (seq > this.newest) this.newest = seq;
  }

  heard(): void {
    this.#waitingSince = this.#owner.monotonic();
  }

  settled(): void {
    if (this.#isLeaving) this.close('moving');
  }

  /** A message that is not stored; dropped if there is no room for it. */
  transient(body: Uint8Array): void {
    if (this.takesTransient()) this.writeLive(encodeUnnumbered(this, body));
  }

  transientFrame(bytes: Uint8Array, start: number, end: number, tail: Uint8Array): void {
    if (!this.takesTransient()) return;
    if (!this.java) return this.#backlog.writeFrame(bytes, start, end, tail);
    const body = Buffer.concat([bytes.subarray(start, end), tail]);
    this.writeLive(encodeUnnumbered(this, body));
  }

  takesTransient(): boolean {
    const { delivered, droppedAtReader } = this.#owner.counters.transient;
    const hasRoom = this.ready && this.#backlog.bufferedBytes <= limits.transientOutboxBytesMax;
    (hasRoom ? delivered : droppedAtReader).value += 1;
    return hasRoom;
  }

  /** The user has joined a group, or left it. A Java peer knows no groups. */
  membership(entry: MembershipEntry): void {
    if (!this.#speaksCim) return;
    if (this.#state === 'opening') {
      this.#memberships ??= [];
      if (this.#memberships.length < limits.groupsPerUserMax) this.#memberships.push(entry);
      return;
    }
    const { group, member, joined, head } = entry;
    if (!member) this.#requests?.left(group);
    this.write(member ? encodeJoined(group, joined, head) : encodeLeft(group));
  }

  /** A run for this user, or, if it is empty, word that there is something to read. */
  push(seq: number, { count, bodies }: Run): void {
    const last = seq + Math.max(count, 1) - 1;
    this.told(last);
    if (this.#state === 'opening' || !this.takesLive('', last)) return;
    if (this.javaReader) return this.javaReader.push(seq, bodiesOf(bodies));
    if (count === 0) return this.writeLive(encodeHint('', seq));
    this.#backlog.writeRun(seq, bodies, last);
  }

  takesLive(timeline: string, seq: number): boolean {
    return this.ready && this.#backlog.takesLive(timeline, seq);
  }

  takesPage(): boolean {
    return this.ready && this.#backlog.takesPage();
  }

  drained(behind: ReadonlyMap<string, number>): void {
    if (behind.size > 0) this.#owner.counters.behind.value += 1;
    if (this.javaReader) {
      if (behind.has('')) this.javaReader.wake();
      return;
    }
    for (const [timeline, seq] of behind) this.write(encodeHint(timeline, seq));
    this.#requests?.readOn();
  }

  /** Whole frames, of which something that `takes…` them was asked before. */
  writeLive(frame: Uint8Array): void {
    this.#backlog.write(frame);
  }

  /**
   * Whole frames. Dropped once the connection is closing; a peer that does not keep up is closed.
   */
  write(frame: Uint8Array): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#backlog.write(frame);
    if (this.#backlog.bufferedBytes > limits.outboxBytesMax) this.close('slow');
  }

  /** Calls back when everything written so far was handed to the operating system. */
  whenWritten(done: () => void): void {
    this.#backlog.whenWritten(() => {
      if (this.ready) done();
    });
  }

  // ---- the end ----------------------------------------------------------------------------------

  /** Idempotent. A cim client is told why; a Java peer knows no such frame. */
  close(name: CloseName, reason?: string): void {
    this.closeWithCode(closeCodes[name].code, reason ?? closeCodes[name].meaning, name);
  }

  closeWithCode(code: number, reason: string, name: CloseName | 'other' = 'other'): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#state = 'closing';
    this.#waitingSince = this.#owner.monotonic();
    this.#owner.counters.closed[name].value += 1;
    if (this.#speaksCim) this.#backlog.write(encodeCloseCode(code, reason));
    this.#backlog.flush();
    this.#stream.end();
    // Its input is not wanted any more, but must be read, or the end of the stream would never be
    // seen.
    this.#stream.resume();
  }

  /** It is to go elsewhere: at once, or when what it has sent is answered. */
  leave(): void {
    if (!this.#requests?.inFlight) return this.close('moving');
    this.#isLeaving = true;
    this.#requests.endIntake();
  }

  closed(): void {
    this.#state = 'closed';
    this.#requests?.end();
    this.#owner.closed(this);
  }

  /** Ends it at once, with what waits for it: its peer does not read, so cannot be told either. */
  drop(): void {
    if (this.#state !== 'closing' && this.#state !== 'closed') {
      this.#state = 'closing';
      this.#owner.counters.closed.slow.value += 1;
    }
    this.#stream.destroy();
  }

  get bufferedBytes(): number {
    return this.#usedBacklog?.bufferedBytes ?? 0;
  }

  get stalledAt(): number {
    return this.#usedBacklog?.stalledAt ?? 0;
  }

  /** One look of the gateway's sweep: is this connection late, silent or stuck? */
  sweep(now: number): void {
    const waitedMs = now - this.#waitingSince;
    switch (this.#state) {
      case 'fresh':
      case 'opening':
        if (waitedMs > limits.loginMsMax) this.close('login-timeout');
        return;
      case 'ready':
        if (this.#usedBacklog?.isIdle) this.#usedBacklog = null;
        if ((this.#usedBacklog?.stalledMs(now) ?? 0) > limits.outboxStallMsMax) this.close('slow');
        else if (!this.#requests?.isHeldBack && waitedMs > limits.silenceMsMax)
          this.close('silent');
        return;
      case 'closing':
        if (waitedMs > lingerMs) this.#stream.destroy();
        return;
      case 'closed':
    }
  }
}
