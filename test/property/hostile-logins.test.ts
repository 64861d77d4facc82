// Goal: in whatever order frames, bytes, closes and late answers come, a connection is let in only
// when its token was good and a route has taken the session; it is told of one end at most, holds
// little, and leaves nothing behind. Method: a real gateway, several connections at a time, random
// steps; beside it a model that knows no more than what was answered to whom.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { OpenEntry } from '../../src/api/route-api.ts';
import type { TokenClaims } from '../../src/auth/tokens.ts';
import { CimError } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { closeCodes } from '../../src/codec/close-codes.ts';
import { command } from '../../src/codec/commands.ts';
import { frame } from '../../src/codec/frame.ts';
import { encodeRequest } from '../../src/codec/sdk-frame.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';
import { settle } from '../support/virtual-clock.ts';
import {
  GatewayHarness,
  message,
  opened,
  type Peer,
  readOf,
} from '../unit/server/support/gateway-harness.ts';

type TokenAnswer = 'good' | "another user's" | 'refused' | 'not verifiable' | 'a bug';

/** Answers that the test gives when it likes. */
class LateTokens {
  readonly #asked: {
    readonly token: string;
    readonly answer: PromiseWithResolvers<TokenClaims>;
  }[] = [];

  verify(token: string): Promise<TokenClaims> {
    const answer = Promise.withResolvers<TokenClaims>();
    this.#asked.push({ token, answer });
    return answer.promise;
  }

  get count(): number {
    return this.#asked.length;
  }

  /** Returns whose token it was. */
  answer(index: number, kind: TokenAnswer): number {
    const [asked] = this.#asked.splice(index, 1);
    if (!asked) throw new Error('nothing was asked');
    const userId = Number(asked.token);
    const claims = { userId, userName: `user-${userId}`, generation: 10 * userId };
    if (kind === 'good') asked.answer.resolve(claims);
    else if (kind === "another user's") asked.answer.resolve({ ...claims, userId: userId + 1 });
    else if (kind === 'refused') asked.answer.reject(new CimError('unauthenticated', 'expired'));
    else if (kind === 'not verifiable') asked.answer.reject(new CimError('unavailable'));
    else asked.answer.reject(new TypeError('a bug'));
    return userId;
  }
}

interface Guest {
  readonly userId: number;
  readonly peer: Peer;
  /** What is known of its token: none was shown (''), or what was answered. */
  token: 'none shown' | 'not answered' | TokenAnswer;
  /** What a route answered to its session; undefined: nothing so far. */
  code: number | undefined;
  /** A store has its session. */
  isRecorded: boolean;
}

const frames = {
  ping: encodeRequest({ cmd: command.ping, reqMsg: 'ping' }),
  'a message': message(1),
  'a page': readOf(''),
  'an acknowledgement': encodeRequest({ cmd: command.ack, after: 5 }),
  'a command of servers': encodeRequest({ cmd: command.welcome }),
  'an unknown command': encodeRequest({ cmd: 99 as typeof command.message }),
  'a forged sender': frame(Uint8Array.of(0xc0, 0x02, 0x01, 0x18, 0x01)),
  nothing: frame(new Uint8Array()),
  'half a frame': message(1, 'x'.repeat(5_000)).subarray(0, 2_000),
  'a frame of a gigabyte': Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04),
  'a large frame that does not come': Uint8Array.of(0x80, 0x80, 0x40),
} as const;

const logins = [
  'with a token',
  'without a token',
  'of a Java client',
  'of a later version',
] as const;
const codes = [
  0,
  closeCodes['not-allowed'].code,
  closeCodes['token-refused'].code,
  closeCodes.unavailable.code,
];

const nth = fc.nat({ max: 7 });
const step = fc.oneof(
  { weight: 30, arbitrary: fc.record({ kind: fc.constant('connect' as const) }) },
  {
    weight: 30,
    arbitrary: fc.record({
      kind: fc.constant('log in' as const),
      nth,
      how: fc.constantFrom('with a token', ...logins),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      nth,
      frame: fc.constantFrom(...Object.values(frames)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      nth,
      frame: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('leave' as const),
      nth,
      politely: fc.boolean(),
    }),
  },
  {
    weight: 40,
    arbitrary: fc.record({
      kind: fc.constant('answer a token' as const),
      nth,
      answer: fc.constantFrom<TokenAnswer>(
        ...([
          'good',
          'good',
          'good',
          "another user's",
          'refused',
          'not verifiable',
          'a bug',
        ] as const),
      ),
    }),
  },
  {
    weight: 40,
    arbitrary: fc.record({
      kind: fc.constant('answer a session' as const),
      nth,
      code: fc.constantFrom(0, 0, 0, 0, 0, ...codes),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1_000, limits.loginMsMax + 1_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('send all elsewhere' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Kind> ? Kind : never;

/** The gateway, its guests, and what the model knows of them. */
class Party {
  readonly #tokens = new LateTokens();
  readonly #harness = new GatewayHarness({ tokens: this.#tokens });
  readonly #guests: Guest[] = [];
  #bugs = 0;

  constructor() {
    this.#harness.opens.hold();
  }

  async take(taken: Step): Promise<void> {
    const { gateway, clock } = this.#harness;
    switch (taken.kind) {
      case 'connect':
        this.#guests.push({
          userId: this.#guests.length + 1,
          peer: this.#harness.connect(),
          token: 'not answered',
          code: undefined,
          isRecorded: false,
        });
        break;
      case 'log in':
        this.#logIn(this.#chosen(taken.nth), taken.how);
        break;
      case 'send':
        this.#chosen(taken.nth)?.peer.write(taken.frame);
        break;
      case 'leave':
        if (taken.politely) this.#chosen(taken.nth)?.peer.stream.end();
        else vanish(this.#chosen(taken.nth));
        break;
      case 'answer a token':
        if (this.#tokens.count > 0) this.#answerToken(taken.nth % this.#tokens.count, taken.answer);
        break;
      case 'answer a session':
        this.#answerSession(taken.nth, taken.code);
        break;
      case 'wait':
        await clock.advance(taken.ms);
        break;
      case 'send all elsewhere':
        void gateway.drain();
    }
    // A frame goes through two streams, an answer through some promises.
    for (let turn = 0; turn < 6; turn++) await settle();
  }

  #chosen(nth: number): Guest | undefined {
    return this.#guests[nth % Math.max(this.#guests.length, 1)];
  }

  #logIn(guest: Guest | undefined, how: (typeof logins)[number]): void {
    if (!guest) return;
    const { userId, peer } = guest;
    const isFirst = guest.token === 'not answered';
    if (isFirst && (how === 'without a token' || how === 'of a Java client'))
      guest.token = 'none shown';
    const java = { requestId: userId, reqMsg: `user-${userId}` };
    const cim = {
      ...java,
      protocolVersion: how === 'of a later version' ? 9 : 1,
      device: 'phone',
      connectionNumber: 5,
      epoch: new Uint8Array(8).fill(userId),
      token: how === 'with a token' ? String(userId) : '',
    };
    peer.write(encodeRequest(how === 'of a Java client' ? java : cim));
  }

  #answerToken(index: number, answer: TokenAnswer): void {
    const userId = this.#tokens.answer(index, answer);
    if (answer === 'a bug') this.#bugs += 1;
    const guest = this.#guestOf(userId);
    guest.token = answer;
  }

  #answerSession(nth: number, code: number): void {
    const { opens } = this.#harness;
    if (opens.heldCount === 0) return;
    opens.answer = (entry) => {
      const guest = this.#guestOf(entry.userId);
      guest.code = code;
      // Of those that are refused some have been recorded all the same, and are told their number.
      guest.isRecorded = code === 0 || nth % 2 === 0;
      const connectionNumber = guest.isRecorded ? opened.connectionNumber : 0;
      return { ...opened, connectionNumber, code, reason: code === 0 ? '' : 'because' };
    };
    opens.releaseOne(nth % opens.heldCount);
  }

  #guestOf(userId: number): Guest {
    const guest = this.#guests[userId - 1];
    if (!guest) throw new Error(`nobody is user ${userId}`);
    return guest;
  }

  check(): void {
    const { opens, gateway } = this.#harness;
    for (const guest of this.#guests) this.#checkGuest(guest);
    for (const entry of opens.entries) this.#checkEntry(entry);
    // Ours are the mistakes that were made on purpose.
    expect(gateway.counters.closed.failed.value).toBeLessThanOrEqual(this.#bugs);
  }

  #checkGuest({ peer, token, code }: Guest): void {
    const commands = peer.frames.map(({ cmd }) => cmd);
    const isLetIn = commands.includes(command.welcome);
    if (isLetIn) expect([['none shown', 'good'].includes(token), code]).toEqual([true, 0]);
    expect(commands.filter((cmd) => cmd === command.welcome).length).toBeLessThanOrEqual(1);
    const isOver = commands.includes(command.close) || peer.ended || peer.stream.destroyed;
    if (!['none shown', 'not answered', 'good'].includes(token)) expect(isOver).toBe(true);
    if (code !== undefined && code !== 0) expect(isOver).toBe(true);
    // Told why it ends once, and nothing after that.
    const end = commands.indexOf(command.close);
    if (end >= 0) expect(commands.slice(end)).toEqual([command.close]);
    // Before it is let in it may hear why not, and its pings answered.
    const before = isLetIn ? commands.slice(0, commands.indexOf(command.welcome)) : commands;
    for (const cmd of before)
      expect([command.ping, command.close, command.read, command.ack]).toContain(cmd);
    expect(peer.server.writableLength + peer.server.readableLength).toBeLessThan(100_000);
  }

  /** No route hears of whom the server has not let through its own gate. */
  #checkEntry({ userId, userName, generation }: OpenEntry): void {
    const { token } = this.#guestOf(userId);
    expect(userName).toBe(`user-${userId}`);
    if (token === 'none shown') expect(generation).toBe(0);
    else expect([token, generation]).toEqual(['good', 10 * userId]);
  }

  /** How many guests were let in. */
  get letIn(): number {
    return this.#guests.filter(({ peer }) => peer.received(command.welcome).length > 0).length;
  }

  /** Everybody leaves; every session that a route has recorded is given back, once. */
  async end(): Promise<void> {
    const { opens, closes, gateway, clock } = this.#harness;
    for (const guest of this.#guests) vanish(guest);
    for (let turn = 0; turn < 6; turn++) await settle();
    while (this.#tokens.count > 0) this.#answerToken(0, 'good');
    for (let turn = 0; turn < 6; turn++) await settle();
    while (opens.heldCount > 0) this.#answerSession(0, 0);
    for (let turn = 0; turn < 6; turn++) await settle();
    this.check();
    // Ends are reported by a timer.
    await clock.advance(1);
    expect(gateway.connectionCount).toBe(0);
    const taken = this.#guests.filter((guest) => guest.isRecorded).map(({ userId }) => userId);
    expect(closes.entries.map(({ userId }) => userId).sort((a, b) => a - b)).toEqual(taken);
    await gateway.stop();
  }
}

/** Ends of a pair do not notice each other's destruction; those of a socket do. */
function vanish(guest: Guest | undefined): void {
  guest?.peer.stream.destroy();
  guest?.peer.server.destroy();
}

test(
  'whatever clients do, and whenever they are answered',
  async () => {
    let letIn = 0;
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: 'max' }),
      async (steps) => {
        const party = new Party();
        for (const taken of steps) {
          await party.take(taken);
          party.check();
        }
        letIn += party.letIn;
        await party.end();
      },
    );
    await fuzz('logins', property, 100);
    // The steps do lead that far.
    expect(letIn).toBeGreaterThan(0);
  },
  fuzzTimeoutMs,
);
