/**
 * The Java system's protocol (docs/reference/java-clients.md). It knows neither numbers nor
 * acknowledgements, so readers play the SDK's part; and no groups but the lobby. Chat of a Java client
 * goes over HTTP: on its connection only the login and heartbeats count.
 */
import type { OpenResult } from '../../../api/route-api.ts';
import { commandOf } from '../../../codec/command-of.ts';
import { command } from '../../../codec/commands.ts';
import {
  encodeJavaMessage,
  JavaFanOut,
  type JavaSender,
  javaTextOf,
} from '../../../codec/java-frame.ts';
import { type MessageFields, scanIfReadable } from '../../../codec/message-scan.ts';
import { ProtocolError } from '../../../codec/protocol-error.ts';
import { bodiesOf, type Run } from '../../../codec/run.ts';
import { pong } from '../../../codec/server-frame.ts';
import type { GroupDelivery } from '../../groups/group-message.ts';
import { encodedOnce, type Protocol, type Session } from '../protocol.ts';
import type { JavaPeers } from './java-peers.ts';
import { type JavaReaders, javaReadersOf } from './java-readers.ts';

interface Readable extends GroupDelivery {
  readonly fields: MessageFields;
}

const encodeGroupMessage = encodedOnce(
  ({ body, fields }: Readable) => new JavaFanOut(senderOf(fields), [javaTextOf(body, fields)]),
);

/** Of a transient message: only who knows its content is told anything by it. */
function saysNothing({ textStart, textEnd, contentEnd }: MessageFields): boolean {
  return textEnd === textStart && contentEnd > 0;
}

export class JavaProtocol implements Protocol {
  readonly name = 'java';
  readonly #session: Session;
  readonly #peers: JavaPeers;
  /** Null until the login is done. */
  #readers: JavaReaders | null = null;

  constructor(session: Session, peers: JavaPeers) {
    this.#session = session;
    this.#peers = peers;
  }

  /** It only sees the end. */
  get isToldWhy(): boolean {
    return false;
  }

  /** It sends its first ping whenever it likes, and whatever else it sends later is ignored. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    if (commandOf(bytes, start, end) === command.ping) this.#session.write(pong);
    else if (!this.#session.ready) throw new ProtocolError('the login is not done yet');
  }

  onOpened(result: OpenResult): void {
    this.#peers.add(this.#session);
    this.#readers = javaReadersOf(this.#peers.reads, this.#session, result);
    this.#readers.own.start(this.#session.newest);
    this.#readers.lobby.raiseHead(this.#peers.lobbyHead);
  }

  hint(timeline: string, head: number): void {
    if (timeline === '') this.#readers?.own.wake();
    else this.#readers?.lobby.raiseHead(head);
  }

  push(seq: number, { bodies }: Run, last: number): void {
    if (this.#session.takesLive('', last)) this.#readers?.own.push(seq, bodiesOf(bodies));
  }

  /** As in the Java system, not to the sender. */
  groupMessage(message: GroupDelivery): void {
    const { fields, seq } = message;
    const { userId } = this.#session;
    const isShown =
      fields !== null && fields.from !== userId && !(seq === 0 && saysNothing(fields));
    // What it is not shown has its number all the same, and the next one comes after that.
    if (!isShown && seq === 0) return;
    if (!this.#session.takes(message)) return;
    if (seq > 0 && !this.#readers?.lobby.takes(seq)) return;
    if (!isShown) return;
    for (const part of encodeGroupMessage(message as Readable).partsFor(userId))
      this.#session.writeLive(part);
  }

  transient(bytes: Uint8Array, start: number, end: number, tail: Uint8Array): void {
    const body = Buffer.concat([bytes.subarray(start, end), tail]);
    const fields = scanIfReadable(body);
    if (!fields || saysNothing(fields)) return;
    const { userId } = this.#session;
    this.#session.writeLive(encodeJavaMessage(userId, senderOf(fields), javaTextOf(body, fields)));
  }

  marks(): void {
    // It knows none.
  }

  groupFacts(): void {
    // It knows no groups.
  }

  membership(): void {
    // It knows no groups.
  }

  writeClose(): void {
    // It knows no such frame.
  }

  end(): void {
    this.#peers.remove(this.#session);
  }
}

function senderOf({ from, fromName }: MessageFields): JavaSender {
  return { userId: from, name: fromName };
}
