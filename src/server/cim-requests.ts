/**
 * What a cim client asks for once it is logged in: that messages are sent, timelines read, and its
 * place in them kept. What it asks for is bounded: in flight, under way and waiting.
 */
import type { Duplex } from 'node:stream';
import type { SubmitEntry, SubmitResult } from '../api/route-api.ts';
import {
  assertMessageFields,
  decodeAcknowledgement,
  decodeRead,
  type ReadFrame,
} from '../codec/client-frame.ts';
import { command } from '../codec/commands.ts';
import { scanMessage } from '../codec/message-scan.ts';
import { ProtocolError } from '../codec/protocol-error.ts';
import { encodeAck, pong } from '../codec/server-frame.ts';
import { assertAddress, assertRead } from './client-rules.ts';
import { Intake } from './intake.ts';
import { PageReads, type PageSource, type Reader } from './page-reads.ts';

/** What a message needs to be acknowledged by. */
export interface MessageReference {
  readonly requests: CimRequests;
  readonly to: number;
  readonly group: string;
  readonly sendSeq: number;
}

/** The connection on which it is asked. */
export interface CimPeer extends Reader {
  readonly userName: string;
  readonly sessionId: number;
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
  submit(entry: SubmitEntry, reference: MessageReference): void;
  /** A message that is not answered. */
  submitTransient(entry: SubmitEntry): void;
  /** The number of the turn of the event loop, as far as `submitTransient` is concerned. */
  readonly transientTurn: number;
}

export class CimRequests {
  readonly #peer: CimPeer;
  readonly #owner: RequestOwner;
  readonly #intake: Intake;
  /** Made when needed: most connections read only after their login. */
  #reads: PageReads | null = null;

  constructor(peer: CimPeer, owner: RequestOwner, stream: Duplex) {
    this.#peer = peer;
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

  receive(received: number, frame: Uint8Array): void {
    switch (received) {
      case command.message:
        return this.#submit(frame);
      case command.ping:
        return this.#peer.write(pong);
      case command.ack:
        return this.#acknowledge(frame);
      case command.read:
        return this.#read(decodeRead(frame));
      default:
        throw new ProtocolError(`command ${received} is not a client's to send`);
    }
  }

  acknowledged(
    { to, group, sendSeq }: MessageReference,
    { code, seq, expected }: SubmitResult,
  ): void {
    if (this.#intake.release()) this.#peer.heard();
    if (group === '') this.#peer.told(seq);
    this.#peer.write(encodeAck({ to, group, sendSeq, code, seq, expected }));
    if (this.#intake.inFlight === 0) this.#peer.settled();
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
  }

  #submit(frame: Uint8Array): void {
    assertMessageFields(frame);
    const { to, group, sendSeq, transient } = scanMessage(frame);
    assertAddress(to, group);
    const { userId: from, userName: fromName, epochHex, sessionId } = this.#peer;
    const { instance } = this.#owner;
    const entry = { from, fromName, epochHex, instance, sessionId, body: frame };
    if (transient) {
      this.#intake.takeTransient(this.#owner.transientTurn);
      return this.#owner.submitTransient(entry);
    }
    if (sendSeq === 0) throw new ProtocolError('a message needs a number');
    this.#intake.take();
    this.#owner.submit(entry, { requests: this, to, group, sendSeq });
  }

  #read(request: ReadFrame): void {
    assertRead(request);
    this.#reads ??= new PageReads(this.#peer, this.#owner);
    this.#reads.ask(request);
  }

  /** The lobby has no places: who comes back reads on from where it was itself. */
  #acknowledge(frame: Uint8Array): void {
    const { group, seq } = decodeAcknowledgement(frame);
    if (group === '') this.#peer.moveCursor(seq);
    else this.#reads?.subscriptions.acknowledge(group, seq);
  }
}
