/**
 * One connection of an HTTP port: which of its requests are worked on, and whether its peer takes
 * the answers. HTTP lets a peer ask on without reading, and Node.js answers all of it into memory:
 * here a few requests are worked on until their answers were taken, a bounded number waits, and
 * what comes after those is not parsed, nor read. Nor is anything parsed or begun that is not its turn:
 * of a thousand peers who send at the same moment a few dozen have theirs, then whoever else is served
 * by the process, then the next few dozen.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { Holder } from '../limits/process-budget.ts';
import type { Turns, TurnTaker } from '../limits/turns.ts';
import { lateRequest, refusalOf } from './failures.ts';
import { endLingering } from './lingering-end.ts';
import { nothing, readInSlices, type Slice } from './sliced-reading.ts';

export interface PortConnectionOptions {
  readonly serve: RequestListener;
  readonly turns: Turns;
  readonly clock: Pick<Clock, 'setTimeout'>;
}

export class PortConnection implements Holder, TurnTaker {
  /** All that it holds is known by looking. */
  readonly takenBytes = 0;
  /** By which it came; with TLS, requests come over another object than this. */
  readonly socket: Socket;
  /** Of its peer, as the socket may forget it. */
  readonly address: string;
  /** There was no place for it: it is there for the calls of an operator, and no others. */
  isForOperators = false;
  /** In pieces that were parsed, and what requests count that were begun. */
  work: number = limits.httpRequestWork;
  readonly #serve: RequestListener;
  readonly #turns: Turns;
  readonly #clock: Pick<Clock, 'setTimeout'>;
  #stream: Socket;
  /** The last that was read: of those before it all has come. */
  #last: IncomingMessage | null = null;
  /** Worked on, or answered and not taken; and what had been read when their requests came. */
  readonly #answering = new Map<ServerResponse, number>();
  readonly #waiting: [IncomingMessage, ServerResponse][] = [];
  #isHeldBack = false;
  /** The turn of `work`. */
  #turn = 0;
  #waitsForTurn = false;
  #isEnded = false;
  #endSlices = () => {};
  /** Of the last request's body, if it is read as a stream: what has not been parsed. */
  #streamLeft = 0;
  /** The request whose body that is. */
  #streamed: IncomingMessage | null = null;
  /** The request that is being sent, since when, and what had been read then. */
  #sending: { request: IncomingMessage; at: number; bytesRead: number } | null = null;
  /** Since when bytes of answers wait for the peer; null: none do. */
  #unreadSince: number | null = null;
  /** Bytes that the peer had taken then. */
  #takenBefore = 0;
  #onIdle = () => {};

  constructor(socket: Socket, { serve, turns, clock }: PortConnectionOptions) {
    this.#clock = clock;
    this.socket = socket;
    this.address = socket.remoteAddress ?? '';
    this.#serve = serve;
    this.#turns = turns;
    this.#stream = socket;
  }

  /** Whether a part of what is asked has not come yet. */
  get isSending(): boolean {
    return this.#last?.complete === false;
  }

  /** Whether the rest of that is the body of a request that is taken as it comes. */
  get isStreaming(): boolean {
    return this.isSending && this.#streamed === this.#last;
  }

  /** Whether something that was asked is not answered, or its answer not taken. */
  get isWorkedFor(): boolean {
    return this.#answering.size > 0 || this.#waiting.length > 0;
  }

  /** Whether all that was asked is answered, and some of it not taken. */
  get isUnread(): boolean {
    if (this.#answering.size === 0) return false;
    for (const { writableEnded } of this.#answering.keys()) if (!writableEnded) return false;
    return true;
  }

  /** Nothing of it counts any more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Requests as they came, and answers that wait for the peer. */
  get unreadBytes(): number {
    let bytes = this.#waiting.length * limits.httpRequestOverheadBytes;
    for (const { writableLength } of this.#answering.keys()) bytes += writableLength;
    const [readBefore] = this.#answering.values();
    return readBefore === undefined ? bytes : bytes + this.#stream.bytesRead - readBefore;
  }

  get stalledAt(): number {
    return this.#unreadSince ?? 0;
  }

  drop(): void {
    this.end();
    this.socket.destroy();
  }

  /** Takes over reading from Node.js, which has begun it; requests will come over `stream`. */
  readFrom(stream: Socket): void {
    this.#stream = stream;
    this.#endSlices = readInSlices(stream, (bytes) => {
      if (this.#isHeldBack || this.#hasToWait()) return nothing;
      return this.#streamLeft > limits.httpSliceBytes
        ? this.#parseStream(bytes)
        : this.#parseSlice(bytes);
    });
    // By this Node.js ends a connection with the last answer that it sends there.
    const endAtOnce = stream.destroySoon.bind(stream);
    stream.destroySoon = () => {
      if (!this.isSending && stream.readableLength === 0) return endAtOnce();
      endLingering(stream, this.#clock);
    };
  }

  /**
   * Whoever takes the body of a request takes it as it comes: it is parsed in large pieces, is not held
   * here, and may come for as long as it comes fast enough. Before any of it was looked at.
   */
  stream(request: IncomingMessage): void {
    if (request !== this.#last || request.complete) return;
    const declared = Number(request.headers['content-length'] ?? 0);
    this.#streamLeft = declared - request.readableLength;
    this.#streamed = request;
  }

  /** It is not HTTP any more. */
  release(): void {
    this.#endSlices();
  }

  /** Calls back whenever nothing is asked here any more. */
  take(request: IncomingMessage, response: ServerResponse, onIdle: () => void): void {
    this.#last = request;
    this.#onIdle = onIdle;
    this.#waiting.push([request, response]);
    this.#serveSome();
    if (this.#waiting.length > limits.httpRequestsWaitingMax) this.drop();
    else if (this.#waiting.length > 0) this.#holdBack();
  }

  turnCame(): void {
    this.#waitsForTurn = false;
    if (this.#isEnded) return;
    this.#serveSome();
    this.#readOn();
  }

  /** Whether the peer takes its answers, as fast as it must: to be called now and then. */
  isTaking(now: number): boolean {
    const { writableLength, bytesWritten } = this.#stream;
    const taken = bytesWritten - writableLength;
    if (writableLength === 0) {
      this.#unreadSince = null;
      return true;
    }
    if (this.#unreadSince === null) {
      this.#unreadSince = now;
      this.#takenBefore = taken;
    }
    const allowedMs =
      limits.httpAnswerMsMax + ((taken - this.#takenBefore) * 1_000) / limits.bytesPerSecondMin;
    return now - this.#unreadSince <= allowedMs;
  }

  /** Whether the peer sends what it has begun, as fast as it must: to be called now and then. */
  isSendingInTime(now: number): boolean {
    const request = this.#last;
    if (request === null || request.complete) {
      this.#sending = null;
      return true;
    }
    const { bytesRead } = this.#stream;
    if (this.#sending?.request !== request) this.#sending = { request, at: now, bytesRead };
    const { at, bytesRead: before } = this.#sending;
    const streamed = this.#streamed === request ? bytesRead - before : 0;
    const allowedMs = limits.httpRequestMsMax + (streamed * 1_000) / limits.bytesPerSecondMin;
    return now - at <= allowedMs;
  }

  /** Answers that it took too long, and ends it. */
  endLate(): void {
    this.end();
    this.refuse(
      Object.assign(new Error('a request took too long'), { code: lateRequest }),
      this.#stream,
    );
  }

  /** Answers what came over `socket` and is no HTTP, and ends it: no answer where TLS has failed. */
  refuse(error: Error & { readonly code?: string }, socket: Socket): void {
    const stream = this.#stream;
    if (socket !== stream || !stream.writable) return void socket.destroy();
    stream.write(refusalOf(error));
    endLingering(stream, this.#clock);
  }

  end(): void {
    this.#isEnded = true;
    this.#waiting.length = 0;
  }

  #parseSlice(bytes: number): Slice {
    this.#count(1);
    const parsed = Math.min(bytes, limits.httpSliceBytes);
    this.#streamLeft = Math.max(0, this.#streamLeft - parsed);
    return { bytes: parsed, isOfBody: false };
  }

  /** None of it is more than that body. */
  #parseStream(bytes: number): Slice {
    const parsed = Math.min(bytes, limits.httpStreamSliceBytes, this.#streamLeft);
    this.#count(Math.ceil(parsed / limits.httpStreamWorkBytes));
    this.#streamLeft -= parsed;
    // It does not wait here.
    for (const [response, readBefore] of this.#answering)
      this.#answering.set(response, readBefore + parsed);
    return { bytes: parsed, isOfBody: true };
  }

  /** As many as may be worked on, as long as it is its turn. */
  #serveSome(): void {
    while (
      this.#waiting.length > 0 &&
      this.#answering.size < limits.httpAnswersPerConnectionMax &&
      !this.#hasToWait()
    )
      this.#serveNext();
  }

  #serveNext(): void {
    const [request, response] = this.#waiting.shift() as [IncomingMessage, ServerResponse];
    this.#count(limits.httpRequestWork);
    this.#answering.set(response, this.#stream.bytesRead);
    response.on('close', () => {
      this.#answering.delete(response);
      this.#serveSome();
      if (this.#isHeldBack) this.#readOn();
      if (!this.isWorkedFor) this.#onIdle();
    });
    this.#serve(request, response);
  }

  /** Whether others have their turn first; then it is called when its own comes. */
  #hasToWait(): boolean {
    if (this.#waitsForTurn) return true;
    const own = this.#turn === this.#turns.number ? this.work : 0;
    if (!this.#turns.isOver(own)) return false;
    this.#waitsForTurn = true;
    this.#turns.wait(this);
    return true;
  }

  #count(amount: number): void {
    if (this.#turn !== this.#turns.number) {
      this.#turn = this.#turns.number;
      this.work = 0;
    }
    this.work += amount;
    this.#turns.work(amount, this.work);
  }

  /** Later in this turn: Node.js reads on at the end of each request, and of each answer. */
  #holdBack(): void {
    this.#isHeldBack = true;
    process.nextTick(() => {
      if (this.#isHeldBack) this.#stream.pause();
    });
  }

  /** Unless requests that have come wait: then as when they came, as Node.js reads on meanwhile. */
  #readOn(): void {
    if (this.#waiting.length > 0) return this.#holdBack();
    this.#isHeldBack = false;
    if (!this.#waitsForTurn) this.#stream.resume();
  }
}
