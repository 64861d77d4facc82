/**
 * What a client asks for once it is logged in: that messages are sent, timelines read, and its place
 * in them kept. What it asks for is bounded: in flight, under way and waiting.
 */
import type { PassEntry, Sender, SubmitResult } from '../../api/route-api.ts';
import type { MembershipChange } from '../../api/server-api.ts';
import { errorTable } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Counter } from '../../base/process/counters.ts';
import type { AcknowledgementFrame } from '../../codec/acknowledgement.ts';
import type { ReadFrame } from '../../codec/client-frame.ts';
import { contentRefusal } from '../../codec/content.ts';
import type { Mark } from '../../codec/generated/link.ts';
import { OriginTail } from '../../codec/message-body.ts';
import { MessageReader } from '../../codec/message-reader.ts';
import type { WatchFrame } from '../../codec/presence.ts';
import { ProtocolError } from '../../codec/protocol-error.ts';
import { Allowance } from '../../limits/allowance.ts';
import type { SendRate } from '../../limits/send-rates.ts';
import type { ServerLimits } from '../../limits/server-limits.ts';
import type { PresenceTable } from '../presence/presence-table.ts';
import type { PresenceTaker, Watcher, WatchingPeer } from '../presence/watcher.ts';
import type { ServerBudgets } from '../server-budgets.ts';
import type { ServerCounters } from '../server-counters.ts';
import { assertAddress, assertRead } from './client-rules.ts';
import { type Held, Intake } from './intake.ts';
import { PageReads, type PageSource, type PageTaker, type Reader } from './page-reads.ts';
import type { Receivers, TransientPeer, TransientSender } from './receivers.ts';
import type { Submissions, SubmittedRun, Submitter } from './submissions.ts';

/** Is told what became of what it has asked for. */
export interface Asker extends PageTaker, PresenceTaker {
  /** The fate of messages of one conversation, the first of which has this number. */
  onAnswer(run: Omit<SubmittedRun, 'weight'>, result: SubmitResult): void;
}

/** The session on which it is asked. */
export interface RequestSession extends Reader, TransientPeer, WatchingPeer {
  readonly userName: string;
  readonly epochHex: string;
  readonly sessionId: number;
  moveCursor(seq: number, marks: readonly Mark[]): void;
  /** The client knows of the user's timeline up to here. */
  raiseNewest(seq: number): void;
  /** The silence of the client until now was ours. */
  excuseSilence(): void;
  /** All that the client has sent is answered. */
  onSettled(): void;
}

/** What is needed of the gateway. */
export interface RequestOwner extends PageSource {
  /** Of this process. */
  readonly instance: string;
  readonly budgets: ServerBudgets;
  readonly submissions: Submissions;
  /** A message that is not answered, for a route. */
  pass(entry: PassEntry): void;
  /** For those to one user. */
  readonly receivers: Receivers;
  readonly presence: PresenceTable;
  readonly limits: ServerLimits;
  readonly counters: ServerCounters;
  /** ms since 1970 */
  now(): number;
}

const refused = { code: Number(errorTable.busy.code), seq: 0, expected: 0, duplicates: 0 };

/** For all connections: what it has read is used up before the next is read. */
const message = new MessageReader();

export class Requests implements TransientSender, Submitter {
  readonly peer: RequestSession;
  readonly #asker: Asker;
  readonly #owner: RequestOwner;
  readonly #intake: Intake;
  readonly #source: Held;
  /** What it has sent is to be sent again first. */
  #isPaused = false;
  /** Made when needed, as the next: most connections read only after their login. */
  #reads: PageReads | null = null;
  #watcher: Watcher | null = null;
  #tail: OriginTail | null = null;
  /** Undefined until it sends something; null: as fast as it can. */
  #rate: SendRate | null | undefined;
  /** Of marks; null until it sends some. */
  #markRate: Allowance | null = null;

  constructor(peer: RequestSession, asker: Asker, owner: RequestOwner, source: Held) {
    this.peer = peer;
    this.#asker = asker;
    this.#owner = owner;
    this.#source = source;
    this.#intake = new Intake(source, owner.budgets);
  }

  /** Whether the client is not read from. */
  get isHeldBack(): boolean {
    return this.#intake.isHeldBack || this.#isPaused;
  }

  /** The client is not read from until `goOn`: what has come of it waits. Idempotent, as is `goOn`. */
  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#source.hold();
  }

  goOn(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.peer.excuseSilence();
    this.#source.letGo();
  }

  /** Messages that wait for an answer. */
  get inFlight(): number {
    return this.#intake.inFlight;
  }

  /** Sends a message, which lies in `bytes` from `start` to `end`. Throws ProtocolError. */
  submit(bytes: Uint8Array, start: number, end: number): void {
    message.read(bytes, start, end);
    const { to, group, sendSeq } = message;
    assertAddress(to, group);
    const isNew = (sendSeq === 1 || message.restart) && !message.transient;
    if (!this.#maySend(end - start, isNew)) return this.#refuse(this.#owner.counters.sends.tooFast);
    if (message.transient) return this.#pass(bytes, start, end);
    if (sendSeq === 0) throw new ProtocolError('a message needs a number');
    const weight = end - start + limits.inFlightOverheadBytes;
    if (!this.#owner.budgets.admits(this.#intake.bytesInFlight, weight))
      return this.#refuse(this.#owner.counters.sends.noRoom);
    this.#intake.take(weight);
    this.#owner.submissions.add(this, message, bytes, start, end);
  }

  /** Whether the client may publish so many bytes to a topic now: it counts as a message does. */
  mayPublish(bytes: number): boolean {
    const may = this.#maySend(bytes, false);
    if (!may) this.#owner.counters.sends.tooFast.value += 1;
    return may;
  }

  /** Reads a page of a timeline. Throws ProtocolError. */
  read(request: ReadFrame): void {
    assertRead(request);
    this.#reads ??= new PageReads(this.peer, this.#asker, this.#owner);
    this.#reads.ask(request);
  }

  /**
   * Everything up to `seq` was shown. The lobby has no cursors and no marks: who comes back reads on
   * from where it was itself. Marks beyond what a connection may send are dropped: the next ones say
   * more.
   */
  acknowledge({ group, seq, marks }: AcknowledgementFrame): void {
    const taken = marks.length === 0 || this.#mayMark(marks.length) ? marks : [];
    if (group === '') this.peer.moveCursor(seq, taken);
    else this.#reads?.subscriptions.acknowledge(group, seq, taken);
  }

  /** The client follows this group no more, though its user may be in it. */
  unfollow(group: string): void {
    this.#reads?.subscriptions.leave(group);
  }

  /** Of groups, if they have not arrived at a route. */
  retryMarks(): void {
    this.#reads?.subscriptions.retryMarks();
  }

  #mayMark(count: number): boolean {
    this.#markRate ??= new Allowance(
      limits.marksPerSecondMax,
      limits.marksPerSecondMax * limits.marksBurstSeconds,
      () => this.#owner.clock.monotonic(),
    );
    if (!this.#markRate.has(count)) {
      this.#owner.counters.marks.droppedTooFast.value += count;
      return false;
    }
    this.#markRate.left -= count;
    return true;
  }

  /** Watches these users, and no others. */
  watch(frame: WatchFrame): void {
    this.#watcher ??= this.#owner.presence.watcher(this.peer, this.#asker);
    this.#watcher.watch(frame);
  }

  onAnswer(run: SubmittedRun, result: SubmitResult): void {
    const { group, count, weight } = run;
    if (this.#intake.release(count, weight)) this.peer.excuseSilence();
    if (group === '' && result.seq > 0) this.peer.raiseNewest(lastSeqOf(count, result));
    this.#asker.onAnswer(run, result);
    if (this.#intake.inFlight === 0) this.peer.onSettled();
  }

  /** The user is in a group now, or not. */
  membership({ group, code }: MembershipChange): void {
    const subscriptions = this.#reads?.subscriptions;
    if (code === 0) subscriptions?.joined(group);
    else subscriptions?.leave(group);
  }

  /** There is room for pages again. */
  readOn(): void {
    this.#reads?.advance();
  }

  /** Takes nothing more; what is on its way is still answered. */
  endIntake(): void {
    this.#intake.end();
  }

  /** The connection has ended. */
  end(): void {
    this.#reads?.end();
    this.#watcher?.end();
    if (this.#rate) this.#owner.limits.sends.release(this.#rate);
  }

  /** A message that is not stored: to one user, it may be able to stay here. */
  #pass(bytes: Uint8Array, start: number, end: number): void {
    const { counters, receivers } = this.#owner;
    counters.transient.sent.value += 1;
    // What a route would refuse, it is to refuse.
    if (message.group === '' && contentRefusal(message) === null)
      receivers.deliver(this, message.to, bytes, start, end);
    else this.#owner.pass(this.entry(bytes.subarray(start, end)));
  }

  tail(): Uint8Array {
    const { userId: from, userName: fromName, epochHex } = this.peer;
    this.#tail ??= new OriginTail({ from, fromName, epochHex });
    return this.#tail.at(this.#owner.now());
  }

  entry(body: Uint8Array): PassEntry {
    return { ...this.sender, body };
  }

  get sender(): Sender {
    const { userId: from, userName: fromName, epochHex, sessionId } = this.peer;
    return { from, fromName, epochHex, instance: this.#owner.instance, sessionId };
  }

  /** `isNew`: the store is to remember a conversation that it may not know yet. */
  #maySend(bytes: number, isNew: boolean): boolean {
    if (this.#rate === undefined) {
      const { userId, address } = this.peer;
      this.#rate = this.#owner.limits.holdSends(userId, address);
    }
    if (this.#rate === null) return true;
    return this.#rate.take(bytes) && (!isNew || this.#rate.begin());
  }

  /** One too many: what would be stored is to be sent again later, what would not is dropped. */
  #refuse(counter: Counter): void {
    if (message.transient) {
      this.#owner.counters.transient.droppedTooFast.value += 1;
      return;
    }
    const { to, group, sendSeq } = message;
    counter.value += 1;
    this.#asker.onAnswer({ to, group, sendSeq, count: 1 }, refused);
  }
}

/** Of a run, some of which is stored: the number of the last message that is. */
function lastSeqOf(count: number, { code, seq, duplicates, stored = 0 }: SubmitResult): number {
  return seq + Math.max(code === 0 ? count - duplicates : stored, 1) - 1;
}
