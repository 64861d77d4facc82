/**
 * One client's session: from the first byte of its connection to the close. It knows who the client
 * is, what is in flight and how to end; what the client speaks is its protocol's
 * (src/server/protocols/protocol.ts); routes, the table of sessions and time are its gateway's
 * (`SessionOwner`). A bad peer ends its own connection, and nothing else notices.
 *
 *   fresh ──first frame──▶ opening ──token good, the route took it──▶ ready ──▶ closing ──▶ closed
 *     └───────────────────────┴─────────────── close ────────────────┴──────────┘
 */
import type { OpenResult } from '../../api/route-api.ts';
import type { MarkEntry, MembershipChange } from '../../api/server-api.ts';
import { limits } from '../../base/limits.ts';
import { type CloseName, closeCodes } from '../../codec/close-codes.ts';
import type { Mark } from '../../codec/generated/link.ts';
import { scanIfReadable } from '../../codec/message-scan.ts';
import { ProtocolError } from '../../codec/protocol-error.ts';
import type { Run } from '../../codec/run.ts';
import type { GroupFacts } from '../../codec/server-frame.ts';
import type { Holder } from '../../limits/process-budget.ts';
import type { Arrival } from '../../net/arrivals.ts';
import { askForLife, type ClientStream, endClient, ownClient } from '../../net/client-stream.ts';
import type { StreamOwner } from '../../net/stream-owner.ts';
import type { GroupDelivery } from '../groups/group-message.ts';
import type { GroupMember } from '../groups/group-table.ts';
import { LeavingNotices } from '../groups/leaving-notices.ts';
import type { Protocol, Session, Wire } from '../protocols/protocol.ts';
import type { FrameSender, ServerBudgets } from '../server-budgets.ts';
import type { ServerCounters } from '../server-counters.ts';
import { assertUser, type Login } from './client-rules.ts';
import { CursorReport } from './cursor-report.ts';
import { FrameSource, type SourceOwner } from './frame-source.ts';
import { type Asker, type RequestOwner, type RequestSession, Requests } from './requests.ts';
import { type MarkTeller, SessionMarks } from './session-marks.ts';
import { SessionOutput } from './session-output.ts';
import type { ShownSamples } from './shown-samples.ts';

/** What a session needs of its gateway. */
export interface SessionOwner extends RequestOwner, SourceOwner {
  readonly counters: ServerCounters;
  readonly shown: ShownSamples;
  readonly budgets: ServerBudgets;
  /** No more logins: everybody is to go elsewhere. */
  readonly isMoving: boolean;
  /** A number for a session that is about to begin, never used before in this instance. */
  nextSessionId(): number;
  /** Answered by `onOpened`, or the end. */
  open(session: ClientSession, login: Login): void;
  /** The stream has ended; called once. */
  onClosed(session: ClientSession): void;
  /** Something that the client sent made us fail. */
  onFailure(error: unknown): void;
}

/** How long a closed connection may take to fetch its last frame. */
const lingerMs = 2_000;
const nothing = new Uint8Array();

/** There are very many, most of them idle: what is not always needed is made when it is. */
export class ClientSession
  extends SessionOutput
  implements Session, GroupMember, RequestSession, StreamOwner, Holder, FrameSender, MarkTeller
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
  /** The store that recorded it. */
  storeId = '';
  epochHex = '';
  ephemeral = false;
  /**
   * The newest number of the user's timeline of which the client knows, or that it sent itself; of
   * what was pushed before the login was answered it is told after that.
   */
  newest = 0;
  readonly marks: SessionMarks;

  readonly #owner: SessionOwner;
  readonly #wire: Wire;
  readonly #frames: FrameSource;
  /** Null until a route says that the user has left a group. */
  #usedLeavings: LeavingNotices | null = null;
  /** There is no room; told at the login. */
  readonly #isOver: boolean;
  #state: Session['state'] = 'fresh';
  /** Null until the first frame has told. */
  #protocol: Protocol | null = null;
  /** Since when the sweep has been waiting: for the login, a word of the peer, or the end. */
  #waitingSince: number;
  #isLeaving = false;
  /** Null until the client has asked for something. */
  #requests: Requests | null = null;
  #cursor: CursorReport | null = null;

  /**
   * Takes over `stream`, which ends itself when its peer has (`allowHalfOpen` false, as of a
   * socket): nobody is kept for what he might still read.
   */
  constructor(owner: SessionOwner, wire: Wire, stream: ClientStream, { address, isOver }: Arrival) {
    super({ stream, budget: owner.budgets.process, counters: owner.counters });
    this.#owner = owner;
    this.#wire = wire;
    this.address = address;
    this.#isOver = isOver;
    this.#frames = new FrameSource(stream, this, owner);
    this.marks = new SessionMarks(this, owner.counters.marks);
    this.sessionId = owner.nextSessionId();
    this.#waitingSince = owner.clock.monotonic();
    ownClient(stream, this);
  }

  get state(): Session['state'] {
    return this.#state;
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  get isEnding(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  get isToldWhy(): boolean {
    return this.#protocol?.isToldWhy === true;
  }

  // ---- what the client sends --------------------------------------------------------------------

  received(chunk: Uint8Array, besideBytes = 0): void {
    if (this.#state === 'closing') return;
    const now = this.#owner.clock.monotonic();
    if (this.ready) this.#waitingSince = now;
    const bytesMax = this.ready ? limits.frameBytesMax : limits.loginFrameBytesMax;
    try {
      this.#frames.read(this.#wire.frames, chunk, besideBytes, bytesMax, now);
    } catch (error) {
      if (error instanceof ProtocolError) return this.close('protocol-error', error.message);
      // A mistake of ours, brought out by this peer: nobody else's connection ends for it.
      this.#owner.onFailure(error);
      this.close('failed');
    }
  }

  failed({ message }: ProtocolError): void {
    this.close('protocol-error', message);
  }

  receiveFrame(bytes: Uint8Array, start: number, end: number, isPadded: boolean): void {
    if (this.#state === 'fresh') this.#wire.logIn(this, bytes.subarray(start, end), isPadded);
    // What still arrives on a connection that is closing is nobody's.
    else if (this.#state === 'ready' || this.#state === 'opening')
      this.#protocol?.receive(bytes, start, end, isPadded);
  }

  speak(protocol: Protocol): void {
    this.#protocol = protocol;
    this.#owner.counters.speaking[protocol.name] += 1;
  }

  logIn(login: Login): void {
    if (this.#owner.isMoving) return this.close('moving');
    if (this.#isOver) return this.close('full');
    if (!login.proof) assertUser(login);
    this.userId = login.userId;
    this.userName = login.userName;
    this.device = login.device;
    this.epochHex = login.epochHex;
    this.ephemeral = login.ephemeral;
    this.#state = 'opening';
    this.#owner.open(this, login);
  }

  requests(asker: Asker): Requests {
    this.#requests ??= new Requests(this, asker, this.#owner, this.#frames);
    return this.#requests;
  }

  moveCursor(seq: number, marks: readonly Mark[]): void {
    this.#cursor ??= new CursorReport(this, '', this.#owner, (stored) =>
      this.#protocol?.onCursor?.(stored),
    );
    this.#cursor.move(seq, marks);
    this.#owner.shown.acknowledged(this, seq);
  }

  excuseSilence(): void {
    this.#waitingSince = this.#owner.clock.monotonic();
    this.#frames.restart(this.#waitingSince);
  }

  onSettled(): void {
    if (this.#isLeaving) this.close('moving');
  }

  // ---- what routes answer -----------------------------------------------------------------------

  /** The route took the session: the client is logged in. */
  onOpened(result: OpenResult): void {
    this.#state = 'ready';
    this.#waitingSince = this.#owner.clock.monotonic();
    this.connectionNumber = result.connectionNumber;
    this.storeId = result.storeId;
    this.raiseNewest(result.head);
    this.marks.startFrom(result.marksVersion);
    this.#protocol?.onOpened(result);
  }

  /** Reported again, as the store did not know it; what was pushed meanwhile went past it. */
  onReopened({ connectionNumber, head, storeId, marksVersion }: OpenResult): void {
    this.connectionNumber = connectionNumber;
    // Nothing that its client knows of numbers and keys is of this one: the next login tells.
    if (storeId !== this.storeId) return this.close('other-store');
    this.onMissed(head);
    this.marks.missed(marksVersion);
  }

  /** The user's timeline has got as far as this: whatever was not pushed here is to be read. */
  onMissed(head: number): void {
    if (!this.ready || head <= this.newest) return;
    this.#owner.counters.checks.missed.value += 1;
    this.newest = head;
    this.hint('', head);
  }

  /** Marks of its client that have not arrived at a route. */
  retryMarks(): void {
    this.#cursor?.retry();
    this.#requests?.retryMarks();
  }

  raiseNewest(seq: number): void {
    if (seq > this.newest) this.newest = seq;
  }

  // ---- what is delivered to it ------------------------------------------------------------------

  /** A run for this user, or, if it is empty, word that there is something to read. */
  push(seq: number, run: Run): void {
    const last = seq + Math.max(run.count, 1) - 1;
    this.raiseNewest(last);
    if (!this.ready) return;
    if (run.count === 0) this.hint('', last);
    else {
      this.#protocol?.push(seq, run, last);
      this.#owner.shown.pushed(this, run, last);
    }
  }

  hint(timeline: string, head: number): void {
    if (this.ready) this.#protocol?.hint(timeline, head);
  }

  groupMessage(message: GroupDelivery): void {
    this.#protocol?.groupMessage(message);
  }

  /** A message that is not stored; dropped if there is no room for it. */
  transient(body: Uint8Array): void {
    if (scanIfReadable(body)) this.transientFrame(body, 0, body.length, nothing);
    else this.#owner.counters.unreadable.value += 1;
  }

  transientFrame(bytes: Uint8Array, start: number, end: number, tail: Uint8Array): void {
    if (this.takesTransient()) this.#protocol?.transient(bytes, start, end, tail);
  }

  writeMarks(entry: Pick<MarkEntry, 'reader' | 'group' | 'marks'>, version: number): void {
    this.#protocol?.marks(entry, version);
  }

  groupFacts(facts: GroupFacts): void {
    this.#protocol?.groupFacts(facts);
  }

  /** A route says that the user has joined a group, or left it, or is invited to it. */
  onMembershipNotice(notice: MembershipChange): void {
    if (notice.code !== 0 && !notice.invitedBy) return this.#leavings.left(notice);
    this.#usedLeavings?.joined(notice.group);
    this.membership(notice);
  }

  /** It is so. */
  membership(entry: MembershipChange): void {
    if (!entry.invitedBy) this.#requests?.membership(entry);
    this.#protocol?.membership(entry);
  }

  get #leavings(): LeavingNotices {
    this.#usedLeavings ??= new LeavingNotices({
      userId: this.userId,
      read: (userId, request, settle) => this.#owner.read(userId, request, settle),
      onLeft: (notice) => this.membership(notice),
    });
    return this.#usedLeavings;
  }

  onDrained(behind: ReadonlyMap<string, number>): void {
    if (behind.size > 0) this.#owner.counters.behind.value += 1;
    for (const [timeline, seq] of behind) this.hint(timeline, seq);
    this.#requests?.readOn();
  }

  // ---- the end ----------------------------------------------------------------------------------

  close(name: CloseName, reason?: string): void {
    this.closeWithCode(closeCodes[name].code, reason ?? closeCodes[name].meaning, name);
  }

  closeWithCode(code: number, reason: string, name: CloseName | 'other' = 'other'): void {
    if (this.isEnding) return;
    this.#state = 'closing';
    this.#waitingSince = this.#owner.clock.monotonic();
    this.#owner.counters.closed[name].value += 1;
    this.#frames.end();
    this.#protocol?.writeClose(code, reason);
    this.flush();
    endClient(this.stream, code, reason);
    // Its input is not wanted any more, but must be read, or the end of the stream would never be
    // seen.
    this.stream.resume();
  }

  /** It is to go elsewhere: at once, or when what it has sent is answered. */
  leave(): void {
    if (!this.#requests?.inFlight) return this.close('moving');
    this.#isLeaving = true;
    this.#requests.endIntake();
  }

  closed(): void {
    this.#state = 'closed';
    this.#frames.end();
    this.#requests?.end();
    if (this.#protocol) this.#owner.counters.speaking[this.#protocol.name] -= 1;
    this.#protocol?.end();
    this.#owner.shown.forget(this);
    this.#owner.onClosed(this);
  }

  /** Ends it at once, with what waits for it: its peer does not read, so cannot be told either. */
  drop(): void {
    if (!this.isEnding) {
      this.#state = 'closing';
      this.#owner.counters.closed.slow.value += 1;
      this.#frames.end();
    }
    this.stream.destroy();
  }

  /** What its peer has not read, and what of its own is not read while it is held back. */
  get unreadBytes(): number {
    const { heldBytes = 0 } = this.#protocol ?? {};
    return this.waitingBytes + this.stream.readableLength + heldBytes;
  }

  /** Bytes that were taken for a frame of its that is half read. */
  get takenBytes(): number {
    return this.#frames.takenBytes;
  }

  get stalledAt(): number {
    return this.unreadSince || this.#frames.beganAt;
  }

  /** One look of the gateway's sweep: is this session late, silent or stuck? */
  sweep(now: number): void {
    const waitedMs = now - this.#waitingSince;
    switch (this.#state) {
      case 'fresh':
      case 'opening':
        if (waitedMs > limits.loginMsMax) this.close('login-timeout');
        return;
      case 'ready':
        if (this.isStuck(now)) this.close('slow');
        else if (this.#requests?.isHeldBack) return;
        else if (this.#frames.isOverdue(now)) this.close('unfinished');
        else if (waitedMs > (this.#protocol?.silenceMsMax ?? limits.silenceMsMax))
          this.close('silent');
        else if (waitedMs > limits.webSocketPingMs) askForLife(this.stream);
        return;
      case 'closing':
        if (waitedMs > lingerMs) this.stream.destroy();
        return;
      case 'closed':
    }
  }
}
