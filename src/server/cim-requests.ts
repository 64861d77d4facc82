/**
 * What a cim client asks for once it is logged in: that messages are sent, timelines read, and its
 * place in them kept. What it asks for is bounded: in flight, under way and waiting.
 */
import type { Duplex } from 'node:stream';
import type { PassEntry, Sender, SubmitResult } from '../api/route-api.ts';
import { errorTable } from '../base/errors.ts';
import { decodeAcknowledgement, decodeRead, type ReadFrame } from '../codec/client-frame.ts';
import { command } from '../codec/commands.ts';
import { contentRefusal } from '../codec/content.ts';
import { OriginTail } from '../codec/message-body.ts';
import { MessageReader } from '../codec/message-reader.ts';
import { ProtocolError } from '../codec/protocol-error.ts';
import { encodeAck, encodeAcks } from '../codec/server-frame.ts';
import type { SendRate } from '../limits/send-rates.ts';
import type { ServerLimits } from '../limits/server-limits.ts';
import { assertAddress, assertRead } from './client-rules.ts';
import { Intake } from './intake.ts';
import { PageReads, type PageSource, type Reader } from './page-reads.ts';
import type { Receivers, TransientPeer, TransientSender } from './receivers.ts';
import type { ServerCounters } from './server-counters.ts';
import type { Submissions, SubmittedRun, Submitter } from './submissions.ts';

/** The connection on which it is asked. */
export interface CimPeer extends Reader, TransientPeer {
  readonly userName: string;
  readonly sessionId: number;
  readonly address: string;
  moveCursor(seq: number): void;
  /** It knows of the user's timeline up to here. */
  told(seq: number): void;
  /** Its silence until now was ours. */
  heard(): void;
  /** All that it has sent is answered. */
  settled(): void;
}

/** What is needed of the gateway. */
export interface RequestOwner extends PageSource {
  /** Of this process. */
  readonly instance: string;
  readonly submissions: Submissions;
  /** A message that is not answered, for a route. */
  pass(entry: PassEntry): void;
  /** For those to one user. */
  readonly receivers: Receivers;
  readonly limits: ServerLimits;
  readonly counters: ServerCounters;
  /** ms since 1970 */
  now(): number;
}

const busy = Number(errorTable.busy.code);

/** For all connections: what it has read is used up before the next is read. */
const message = new MessageReader();

export class CimRequests implements TransientSender, Submitter {
  readonly peer: CimPeer;
  readonly #owner: RequestOwner;
  readonly #intake: Intake;
  /** Made when needed, as the next: most connections read only after their login. */
  #reads: PageReads | null = null;
  #tail: OriginTail | null = null;
  /** Undefined until it sends something; null: as fast as it can. */
  #rate: SendRate | null | undefined;

  constructor(peer: CimPeer, owner: RequestOwner, stream: Duplex) {
    this.peer = peer;
    this.#owner = owner;
    this.#intake = new Intake(stream);
  }

  /** Whether the client is not read from. */
  get isHeldBack(): boolean {
    return this.#intake.isHeldBack;
  }

  /** Messages that wait for an answer. */
  get inFlight(): number {
    return this.#intake.inFlight;
  }

  /** A frame, which lies in `bytes` from `start` to `end`. */
  receive(received: number, bytes: Uint8Array, start: number, end: number): void {
    switch (received) {
      case command.message:
        return this.#submit(bytes, start, end);
      case command.ack:
        return this.#acknowledge(bytes.subarray(start, end));
      case command.read:
        return this.#read(decodeRead(bytes.subarray(start, end)));
      default:
        throw new ProtocolError(`command ${received} is not a client's to send`);
    }
  }

  answered(run: SubmittedRun, result: SubmitResult): void {
    const { group, count } = run;
    if (this.#intake.release(count)) this.peer.heard();
    if (group === '' && result.seq > 0) this.peer.told(lastSeqOf(count, result));
    this.peer.write(encodeAcks(run, result));
    if (this.#intake.inFlight === 0) this.peer.settled();
  }

  /** The user is no longer in the group. */
  left(group: string): void {
    this.#reads?.subscriptions.leave(group);
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
    if (this.#rate) this.#owner.limits.sends.release(this.#rate);
  }

  #submit(bytes: Uint8Array, start: number, end: number): void {
    message.read(bytes, start, end);
    const { to, group, sendSeq } = message;
    assertAddress(to, group);
    if (!this.#maySend()) return this.#refuse();
    if (message.transient) return this.#pass(bytes, start, end);
    if (sendSeq === 0) throw new ProtocolError('a message needs a number');
    this.#intake.take();
    this.#owner.submissions.add(this, message, bytes, start, end);
  }

  /** A message that is not stored: to one user, it may be able to stay here. */
  #pass(bytes: Uint8Array, start: number, end: number): void {
    const { counters, receivers } = this.#owner;
    counters.transient.sent.value += 1;
    this.#intake.takeTransient();
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

  #maySend(): boolean {
    if (this.#rate === undefined) {
      const { userId, address } = this.peer;
      this.#rate = this.#owner.limits.holdSends(userId, address);
    }
    return this.#rate === null || this.#rate.take();
  }

  /** One too many: what would be stored is to be sent again later, what would not is dropped. */
  #refuse(): void {
    const { sends, transient } = this.#owner.counters;
    if (message.transient) {
      transient.droppedTooFast.value += 1;
      return;
    }
    const { to, group, sendSeq } = message;
    sends.tooFast.value += 1;
    this.peer.write(encodeAck({ to, group, sendSeq, code: busy, seq: 0, expected: 0 }));
  }

  #read(request: ReadFrame): void {
    assertRead(request);
    this.#reads ??= new PageReads(this.peer, this.#owner);
    this.#reads.ask(request);
  }

  /** The lobby has no places: who comes back reads on from where it was itself. */
  #acknowledge(frame: Uint8Array): void {
    const { group, seq } = decodeAcknowledgement(frame);
    if (group === '') this.peer.moveCursor(seq);
    else this.#reads?.subscriptions.acknowledge(group, seq);
  }
}

/** Of a run that is stored: the number of its last message. */
function lastSeqOf(count: number, { seq, duplicates }: SubmitResult): number {
  return seq + Math.max(count - duplicates, 1) - 1;
}
