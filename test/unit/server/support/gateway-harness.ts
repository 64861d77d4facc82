/** A gateway over in-memory streams, with a route whose answers the test gives. */
import { type Duplex, duplexPair } from 'node:stream';
import { type BatchCall, callOne, immediately } from '../../../../src/api/batch-call.ts';
import {
  type AcknowledgeEntry,
  type CheckEntry,
  type CheckResult,
  type CloseEntry,
  type DoneResult,
  type InterestEntry,
  type InterestResult,
  type LocateEntry,
  type LocateResult,
  type OpenEntry,
  type OpenResult,
  type PassEntry,
  type PresenceEntry,
  type PresenceResult,
  type ProveEntry,
  type ProveResult,
  type PublishEntry,
  type PublishResult,
  type ReadEntry,
  type ReadResult,
  type RetainedEntry,
  type RetainedResult,
  type RouteApi,
  routeMethods,
  type SubmitEntry,
  type SubmitResult,
} from '../../../../src/api/route-api.ts';
import type { PushGroupResult, PushResult } from '../../../../src/api/server-api.ts';
import { Tokens } from '../../../../src/auth/tokens.ts';
import { createLogger } from '../../../../src/base/log.ts';
import { Counters } from '../../../../src/base/process/counters.ts';
import { command } from '../../../../src/codec/commands.ts';
import { FrameDecoder } from '../../../../src/codec/frame-decoder.ts';
import { appendOrigin, encodeClientMessage } from '../../../../src/codec/message-body.ts';
import { runOf } from '../../../../src/codec/run.ts';
import { encodeRequest } from '../../../../src/codec/sdk-frame.ts';
import type { ProcessBudget } from '../../../../src/limits/process-budget.ts';
import { type ServerLimitSettings, ServerLimits } from '../../../../src/limits/server-limits.ts';
import type { Arrival } from '../../../../src/net/arrivals.ts';
import { Gateway } from '../../../../src/server/gateway.ts';
import { cimOrJava } from '../../../../src/server/protocols/cim-or-java.ts';
import type { Wire } from '../../../../src/server/protocols/protocol.ts';
import type { TokenVerifier } from '../../../../src/server/sessions/token-gate.ts';
import { type AnyFrame, decodeAnyFrame } from '../../../support/any-frame.ts';
import { clusterKeysOf } from '../../../support/cluster-key.ts';
import { processBudget } from '../../../support/process-budget.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { waitUntil } from '../../../support/wait-until.ts';

export const opened: OpenResult = {
  code: 0,
  reason: '',
  connectionNumber: 7,
  cursor: 0,
  head: 0,
  groupHead: 0,
  groups: [],
  storeId: '5709e1d000000001',
  marksVersion: 0,
};

export const emptyPage: ReadResult = {
  code: 0,
  seqs: [],
  bodies: [],
  head: 0,
  first: 1,
  rewound: false,
};

const noneRetained = { code: 0, topics: [], numbers: [], bodies: [], expiries: [], next: '' };

/** One call of the route: what was asked, and how it answers; `hold` keeps answers back. */
class Asked<Entry, Result> {
  readonly entries: Entry[] = [];
  /** How many were answered. */
  answered = 0;
  answer: (entry: Entry, answered: number) => Result;
  #held: (() => void)[] | undefined;

  constructor(answer: (entry: Entry, answered: number) => Result) {
    this.answer = answer;
  }

  readonly call: BatchCall<Entry, Result> = (entries, answer) => {
    this.entries.push(...entries);
    for (const [index, entry] of entries.entries()) {
      const reply = () => {
        const answered = this.answered;
        this.answered += 1;
        answer(index, this.answer(entry, answered));
      };
      if (this.#held) this.#held.push(reply);
      else reply();
    }
  };

  hold(): void {
    this.#held = [];
  }

  get heldCount(): number {
    return this.#held?.length ?? 0;
  }

  /** Answers one of those held; the others, and what comes later, are held on. */
  releaseOne(index: number): void {
    const [reply] = this.#held?.splice(index, 1) ?? [];
    reply?.();
  }

  /** Answers what was held, in order; what comes later is answered at once. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const reply of held) reply();
  }
}

interface HarnessOptions {
  readonly tokens?: TokenVerifier;
  readonly limits?: Partial<ServerLimitSettings>;
  /** Of the process. */
  readonly budgetBytes?: number | undefined;
  /** Routes know of the server: people are let in. */
  isBegun?: boolean;
  readonly topicsOpen?: boolean;
}

const generous: ServerLimitSettings = {
  trustProxy: [],
  limitLoopback: false,
  connectionsPerIp: 1_000,
  loginRate: 1_000,
  sendRate: 1_000_000,
  sendBytesRate: 1024 * 1024 * 1024,
  readBytesRate: 1024 * 1024 * 1024,
  conversationRate: 1_000_000,
};

/** A stream without an address: it is held to no limit. */
const nowhere: Arrival = { address: '', isOver: false };

export class GatewayHarness {
  readonly clock = new VirtualClock();
  readonly counters = new Counters();
  readonly budget: ProcessBudget;
  readonly opens = new Asked<OpenEntry, OpenResult>(() => opened);
  readonly closes = new Asked<CloseEntry, DoneResult>(() => ({ code: 0 }));
  readonly submits = new Asked<SubmitEntry, SubmitResult>((_entry, answered) => ({
    code: 0,
    seq: answered + 1,
    expected: 0,
    duplicates: 0,
  }));
  readonly reads = new Asked<ReadEntry, ReadResult>(() => emptyPage);
  readonly acknowledgements = new Asked<AcknowledgeEntry, DoneResult>(() => ({ code: 0 }));
  readonly interests = new Asked<InterestEntry, InterestResult>(() => ({ code: 0, head: 0 }));
  readonly checks = new Asked<CheckEntry, CheckResult>(() => ({
    code: 0,
    known: true,
    head: 0,
    marksVersion: 0,
  }));
  /** Nobody is here, as far as routes know, unless a test says so. */
  readonly locates = new Asked<LocateEntry, LocateResult>(() => ({
    code: 0,
    here: false,
    sessionIds: [],
  }));
  readonly transients = new Asked<PassEntry, DoneResult>(() => ({ code: 0 }));
  /** Nobody is there, unless a test says so. */
  readonly presences = new Asked<PresenceEntry, PresenceResult>(() => ({
    code: 0,
    instances: [],
    lastSeen: 0,
    hiddenFrom: [],
  }));
  /** Everybody is who they say, an id as the name. */
  readonly proofs = new Asked<ProveEntry, ProveResult>(({ user }) => ({
    ...{ code: 0, reason: '', generation: 0 },
    userId: Number(user),
    userName: `user-${user}`,
    at: this.clock.now(),
  }));
  readonly publications = new Asked<PublishEntry, PublishResult>(() => ({ code: 0, number: 0 }));
  /** Nothing is, unless a test says so. */
  readonly retained = new Asked<RetainedEntry, RetainedResult>(() => noneRetained);
  readonly gateway: Gateway;
  readonly wire: Wire;
  /** Whether the server has taken itself out of choice. */
  isWithdrawn = false;

  constructor({
    tokens = tokensOf('cluster'),
    limits = {},
    budgetBytes,
    isBegun = true,
    topicsOpen = false,
  }: HarnessOptions = {}) {
    this.budget = processBudget(this.clock, budgetBytes);
    const routes: RouteApi = {
      open: this.opens.call,
      close: this.closes.call,
      submit: this.submits.call,
      read: this.reads.call,
      acknowledge: this.acknowledgements.call,
      interest: this.interests.call,
      check: this.checks.call,
      locate: this.locates.call,
      transient: this.transients.call,
      presence: this.presences.call,
      prove: this.proofs.call,
      publish: this.publications.call,
      retained: this.retained.call,
      identifyDevice: immediately(() => routeMethods.identifyDevice.unanswered),
      time: immediately(() => ({ code: 0, at: this.clock.now() })),
    };
    this.gateway = new Gateway({
      routes,
      tokens,
      limits: new ServerLimits({ ...generous, ...limits }, () => this.clock.monotonic()),
      budget: this.budget,
      topicsOpen,
      instance: 'me',
      address: () => '10.0.0.1:9000:8081',
      withdraw: async () => {
        this.isWithdrawn = true;
      },
      counters: this.counters,
      clock: this.clock,
      log: createLogger('test', 'silent'),
    });
    this.wire = cimOrJava(this.gateway);
    if (isBegun) this.gateway.begin();
  }

  /** A connection on which nothing was said yet. */
  connect(arrival: Arrival = nowhere): Peer {
    return new Peer(this, arrival);
  }

  /** Logged in as a cim client. */
  async cim(userId = 1, epoch = new Uint8Array(8).fill(userId)): Promise<Peer> {
    const peer = this.connect();
    peer.write(cimLogin(userId, epoch));
    await peer.when(({ cmd }) => cmd === command.welcome);
    return peer;
  }

  /** Logged in as a Java peer. */
  async java(userId = 2): Promise<Peer> {
    const peer = this.connect();
    const before = this.opens.entries.length;
    peer.write(encodeRequest({ requestId: userId, reqMsg: `user-${userId}` }));
    await waitUntil('the login is asked for', () => this.opens.entries.length > before);
    return peer;
  }

  /** The session that a user logged in with. */
  sessionOf(userId: number): number {
    return this.opens.entries.find((entry) => entry.userId === userId)?.sessionId ?? 0;
  }

  count(name: string): number {
    return this.counters.list().find((counter) => counter.name === name)?.value ?? -1;
  }

  push(userId: number, seq: number, ...bodies: Uint8Array[]): Promise<PushResult> {
    const sessionIds = [this.sessionOf(userId)];
    return callOne(this.gateway.api.push, { sessionIds, instance: 'me', seq, ...runOf(bodies) });
  }

  pushGroup(group: string, seq: number, ...bodies: Uint8Array[]): Promise<PushGroupResult> {
    return callOne(this.gateway.api.pushGroup, { group, instance: 'me', seq, ...runOf(bodies) });
  }
}

/** Of a cluster with these secrets. */
export function tokensOf(...secrets: string[]): Tokens {
  return new Tokens({
    clusterKeys: clusterKeysOf(...secrets),
    lifetimeMs: 60_000,
    now: () => Date.now(),
  });
}

export function cimLogin(
  userId = 1,
  epoch = new Uint8Array(8).fill(userId),
  token = '',
): Uint8Array {
  return encodeRequest({
    requestId: userId,
    reqMsg: `user-${userId}`,
    protocolVersion: 1,
    device: 'phone',
    connectionNumber: 5,
    epoch,
    token,
  });
}

/** The client's end of a connection to the gateway. */
export class Peer {
  readonly frames: AnyFrame[] = [];
  readonly raw: Buffer[] = [];
  readonly #listeners = new Set<(frame: AnyFrame) => void>();
  readonly stream: Duplex;
  /** The gateway's end. */
  readonly server: Duplex;
  ended = false;

  constructor({ gateway, wire }: GatewayHarness, arrival: Arrival) {
    const [client, server] = duplexPair({ allowHalfOpen: false });
    this.stream = client;
    this.server = server;
    const decoder = new FrameDecoder(10_000_000);
    client.on('data', (chunk: Buffer) => {
      this.raw.push(chunk);
      decoder.push(chunk, (bytes, start, end) => {
        const frame = decodeAnyFrame(bytes.slice(start, end));
        this.frames.push(frame);
        for (const hear of this.#listeners) hear(frame);
      });
    });
    client.on('end', () => {
      this.ended = true;
    });
    gateway.accept(server, arrival, wire);
  }

  write(data: Uint8Array): void {
    this.stream.write(data);
  }

  /** Resolves in the turn in which it comes: what others have been given by then can be looked at. */
  async when(matches: (frame: AnyFrame) => boolean): Promise<AnyFrame> {
    const { promise: heard, resolve } = Promise.withResolvers<AnyFrame>();
    const hear = (frame: AnyFrame) => {
      if (matches(frame)) resolve(frame);
    };
    this.#listeners.add(hear);
    const found = waitUntil('a frame', () => this.frames.find(matches));
    const frame = await Promise.race([heard, found]);
    this.#listeners.delete(hear);
    return frame;
  }

  whenEnded(): Promise<unknown> {
    return waitUntil('the connection ends', () => this.ended);
  }

  /** All that was received with this command. */
  received(cmd: number): AnyFrame[] {
    return this.frames.filter((frame) => frame.cmd === cmd);
  }

  /** Waits until everything that was written to it before has arrived: a pong comes behind it. */
  async settled(): Promise<void> {
    const before = this.received(command.ping).length;
    this.write(encodeRequest({ cmd: command.ping, reqMsg: 'ping' }));
    await waitUntil('a pong', () => this.received(command.ping).length > before);
  }
}

export function message(sendSeq: number, text = 'hi'): Uint8Array {
  return encodeRequest({ cmd: command.message, reqMsg: text, to: 2, sendSeq });
}

export function readOf(group: string, after = 0): Uint8Array {
  return encodeRequest({ cmd: command.read, group, after });
}

/** A body as a route stores it. */
export function body(from: number, text: string, to: number | string = 2): Uint8Array {
  const receiver = typeof to === 'number' ? { to } : { group: to };
  const origin = { from, fromName: `user-${from}`, epochHex: `0${from}`.repeat(8), at: 1 };
  return appendOrigin(encodeClientMessage({ ...receiver, sendSeq: 1, text }), origin);
}
