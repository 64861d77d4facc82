/**
 * The two state machines of the SDK against a model of what surrounds them: a store, a network that
 * reorders, repeats, loses and breaks, an application that is slow. Whatever happens in between, in
 * the end everything is there, once and in order. fast-check prints the seed and the shortest
 * course of events that fails.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CimError } from '../../src/base/errors.ts';
import {
  type Entry,
  type ReadRequest,
  TimelineCursor,
} from '../../src/client/sdk/receiving/timeline-cursor.ts';
import {
  Outgoing,
  type OutgoingMessage,
  type UnpreparedMessage,
} from '../../src/client/sdk/sending/outgoing.ts';
import { runs } from '../support/fuzz.ts';

/** A timeline in a store, and a client that follows it. */
class TimelineWorld {
  /** What the store has; number n is at n - 1. */
  readonly log: Entry<string>[] = [];
  readonly shown: string[] = [];
  /** Names of messages that nobody can read. */
  readonly unreadable = new Set<string>();
  /** The oldest number kept. */
  first = 1;
  now = 0;
  readonly #joined: number;
  readonly #cursor: TimelineCursor<string>;
  readonly #untaken: Entry<string>[] = [];
  /** Pushes on their way; a read that waits for its answer. */
  readonly #pushes: Entry<string>[] = [];
  #read: ReadRequest | null = null;
  #online = false;
  #names = 0;

  /** `joined`: the messages of a group before its member came, who is to see none of them. */
  constructor(joined = 0) {
    this.#joined = joined;
    this.append(joined);
    this.#cursor = new TimelineCursor({
      start: { seq: joined, identity: '' },
      floor: joined,
      random: () => 0.5,
      untakenCount: () => this.#untaken.length,
      emit: (entry) => this.#untaken.push(entry),
    });
    this.connect();
  }

  append(count: number): void {
    for (let index = 0; index < count; index++) {
      const name = `m${++this.#names}`;
      const entry = { seq: this.log.length + 1, identity: name, at: this.#names, content: name };
      this.log.push(entry);
      if (this.#online) this.#pushes.push(entry);
    }
  }

  appendUnreadable(count: number): void {
    for (let index = 0; index < count; index++) {
      this.unreadable.add(`m${this.#names + 1}`);
      this.append(1);
    }
  }

  #arrive(entry: Entry<string>): void {
    if (this.unreadable.has(entry.identity)) this.#cursor.doubted(entry.seq);
    else this.#cursor.arrived(entry, this.now);
  }

  connect(): void {
    this.#online = true;
    this.#cursor.connected(this.log.length, { readAnyway: this.#joined > 0 });
    this.#step();
  }

  disconnect(): void {
    this.#online = false;
    this.#pushes.length = 0;
    this.#read = null;
    this.#cursor.disconnected();
  }

  /** One push arrives, of those on their way; `again`: and stays on its way. */
  deliver(which: number, again = false): void {
    const index = which % (this.#pushes.length || 1);
    const push = this.#pushes[index];
    if (push) this.#arrive(push);
    if (!again) this.#pushes.splice(index, 1);
    this.#step();
  }

  lose(which: number): void {
    this.#pushes.splice(which % (this.#pushes.length || 1), 1);
  }

  hint(): void {
    if (this.#online) this.#cursor.hinted(this.log.length);
    this.#step();
  }

  /** The store answers the read, with at most `limit` messages. */
  answer(limit: number, busy = false): void {
    const read = this.#read;
    if (!read) return;
    this.#read = null;
    const { log, first } = this;
    const head = log.length;
    const known = log[read.after - 1];
    const isOther =
      read.afterIdentity !== '' && read.after >= first && known?.identity !== read.afterIdentity;
    const rewound = !busy && (head < read.after || isOther);
    const page = busy || rewound ? [] : log.slice(Math.max(read.after, first - 1)).slice(0, limit);
    for (const entry of page) this.#arrive(entry);
    this.#cursor.pageEnded(
      { group: '', after: read.after, head, first, rewound, code: busy ? 8100 : 0 },
      page.at(-1)?.seq ?? 0,
      this.now,
    );
    this.#step();
  }

  take(count: number): void {
    for (const entry of this.#untaken.splice(0, count)) {
      if (entry.content !== null) this.shown.push(entry.content);
      if (entry.isUnreadable) this.shown.push(`number ${entry.seq}`);
      this.#cursor.taken(entry);
    }
    this.#step();
  }

  pass(ms: number): void {
    this.now += ms;
    this.#step();
  }

  /** A failover: the newest are lost. */
  loseTail(count: number): void {
    const kept = Math.max(this.first - 1, this.#joined);
    this.log.splice(Math.max(kept, this.log.length - count));
  }

  retain(count: number): void {
    this.first = Math.max(this.first, this.log.length + 1 - count);
  }

  /** Whatever was going on: now the network and the store are well. */
  async settle(): Promise<void> {
    this.disconnect();
    this.connect();
    for (let round = 0; round < 10_000; round++) {
      this.take(Infinity);
      this.answer(3);
      if (this.#read || this.#untaken.length > 0) continue;
      if (this.#cursor.wakeAt === Infinity) return;
      this.pass(Math.max(0, this.#cursor.wakeAt - this.now));
    }
    throw new Error('it never comes to rest');
  }

  #step(): void {
    this.#read = this.#cursor.nextRead(this.now) ?? this.#read;
  }
}

type Course<World> = readonly ((world: World) => void)[];

const small = fc.integer({ min: 1, max: 6 });

const always = [
  small.map((count) => (world: TimelineWorld) => world.append(count)),
  small.map((count) => (world: TimelineWorld) => world.take(count)),
  small.map((limit) => (world: TimelineWorld) => world.answer(limit)),
  fc.constant((world: TimelineWorld) => world.answer(1, true)),
  fc.integer({ min: 1, max: 400 }).map((ms) => (world: TimelineWorld) => world.pass(ms)),
  fc.constant((world: TimelineWorld) => world.hint()),
  fc.constant((world: TimelineWorld) => {
    world.disconnect();
    world.connect();
  }),
  fc.tuple(small, small).map(([count, limit]) => (world: TimelineWorld) => {
    world.disconnect();
    world.append(count);
    world.connect();
    world.answer(limit);
  }),
];
const reordering = [
  fc.nat(20).map((which) => (world: TimelineWorld) => world.deliver(which)),
  fc.nat(20).map((which) => (world: TimelineWorld) => world.deliver(which, true)),
  fc.nat(20).map((which) => (world: TimelineWorld) => world.lose(which)),
];
const inOrder = [
  small.map((count) => (world: TimelineWorld) => {
    for (let index = 0; index < count; index++) world.deliver(0);
  }),
];

function courseOf<World>(
  ...steps: fc.Arbitrary<(world: World) => void>[]
): fc.Arbitrary<Course<World>> {
  return fc.array(fc.oneof(...steps), { maxLength: 60 });
}

async function play(course: Course<TimelineWorld>, joined = 0): Promise<TimelineWorld> {
  const world = new TimelineWorld(joined);
  for (const step of course) step(world);
  await world.settle();
  return world;
}

describe('a timeline is shown', () => {
  test('whole, in order and once, over a network that reorders, repeats, loses and breaks', async () => {
    await fc.assert(
      fc.asyncProperty(courseOf(...always, ...reordering), async (course) => {
        const { shown, log } = await play(course);
        expect(shown).toEqual(log.map(({ identity }) => identity));
      }),
      { numRuns: runs(1_000) },
    );
  });

  test('as far as it is kept, in order and once', async () => {
    const retain = small.map((count) => (world: TimelineWorld) => world.retain(count));
    await fc.assert(
      fc.asyncProperty(courseOf(...always, ...reordering, retain), async (course) => {
        const { shown, log, first } = await play(course);
        const order = log.map(({ identity }) => identity);
        expect(shown).toEqual(order.filter((name) => shown.includes(name)));
        expect(shown).toEqual(expect.arrayContaining(order.slice(first - 1)));
      }),
      { numRuns: runs(1_000) },
    );
  });

  test('with a stand-in for each message that cannot be read, which nothing waits for', async () => {
    const append = small.map((count) => (world: TimelineWorld) => world.appendUnreadable(count));
    await fc.assert(
      fc.asyncProperty(courseOf(...always, ...reordering, append), async (course) => {
        const { shown, log, unreadable } = await play(course);
        expect(shown).toEqual(
          log.map(({ identity, seq }) => (unreadable.has(identity) ? `number ${seq}` : identity)),
        );
      }),
      { numRuns: runs(1_000) },
    );
  });

  test('once, and all of what is left, when a store loses its newest messages and gives their numbers out anew', async () => {
    const failover = fc.tuple(small, small).map(([lost, added]) => (world: TimelineWorld) => {
      world.loseTail(lost);
      world.append(added);
    });
    await fc.assert(
      fc.asyncProperty(courseOf(...always, ...inOrder, failover), async (course) => {
        const { shown, log } = await play(course);
        expect(new Set(shown).size).toBe(shown.length);
        expect(shown).toEqual(expect.arrayContaining(log.map(({ identity }) => identity)));
      }),
      { numRuns: runs(1_000) },
    );
  });

  test('to a member of a group from the joining on, and nothing from before', async () => {
    const failover = fc.tuple(small, small).map(([lost, added]) => (world: TimelineWorld) => {
      world.loseTail(lost);
      world.append(added);
    });
    await fc.assert(
      fc.asyncProperty(courseOf(...always, ...inOrder, failover), small, async (course, joined) => {
        const { shown, log } = await play(course, joined);
        const before = log.slice(0, joined).map(({ identity }) => identity);
        expect(new Set(shown).size).toBe(shown.length);
        expect(shown.filter((name) => before.includes(name))).toEqual([]);
        const theirs = log.slice(joined).map(({ identity }) => identity);
        expect(shown).toEqual(expect.arrayContaining(theirs));
      }),
      { numRuns: runs(1_000) },
    );
  });
});

const receiver = { to: 2, group: '' };

/** A timeline that takes messages of one source, and a client that sends them. */
class SendingWorld {
  readonly stored: string[] = [];
  readonly ends: string[] = [];
  readonly refused: string[] = [];
  now = 0;
  sent = 0;
  /** Nothing needs to be made of what is sent before it is written. */
  isInClear = false;
  /** What the timeline takes next. */
  #expected = 1;
  readonly #wire: OutgoingMessage[] = [];
  readonly #unprepared: UnpreparedMessage[] = [];
  #outgoing = this.#newOutgoing();

  constructor() {
    this.#outgoing.connected(0);
  }

  #newOutgoing(): Outgoing {
    return new Outgoing({
      random: () => 0.5,
      date: () => this.now,
      prepare: (message) => {
        if (this.isInClear) return message.draft;
        this.#unprepared.push(message);
        return undefined;
      },
      write: (message) => this.#wire.push(message),
      onStale: () => {},
    });
  }

  send(count: number): void {
    for (let index = 0; index < count; index++) this.#add(++this.sent);
  }

  /** The client is gone. The next one is given, under their numbers, what is not answered. */
  takeOver(): void {
    this.#wire.length = 0;
    this.#unprepared.length = 0;
    this.#outgoing = this.#newOutgoing();
    this.#outgoing.begin(receiver, this.sent);
    this.#outgoing.connected(this.now);
    const ended = new Set(this.ends);
    for (let sendSeq = 1; sendSeq <= this.sent; sendSeq++)
      if (!ended.has(`m${sendSeq}`)) this.#add(sendSeq, { sendSeq });
  }

  #add(number: number, given?: { readonly sendSeq: number }): void {
    const text = `m${number}`;
    const outcome = {
      stored: (sendSeq: number) => void this.ends.push(`m${sendSeq}`),
      refused: () => {
        this.refused.push(text);
        this.ends.push(text);
      },
    };
    this.#outgoing.add(receiver, { text }, outcome, this.now, given);
  }

  /** Some of what is to be made is made, in whatever order; or cannot be. */
  prepare(index: number, count: number, isUnsendable = false): void {
    for (const message of this.#unprepared.splice(index % (this.#unprepared.length + 1), count)) {
      if (isUnsendable) this.#outgoing.unsendable(message, new CimError('no-key'), this.now);
      else this.#outgoing.prepared(message, message.draft, this.now);
    }
  }

  /**
   * The timeline takes what was written first. `silent`: and its answer is lost with the
   * connection.
   */
  serve(count: number, busy = false, silent = false): void {
    for (const message of this.#wire.splice(0, count)) {
      const code = this.#take(message, busy);
      const expected = code === 8200 ? this.#expected : 0;
      const { to, group, sendSeq } = message;
      if (!silent)
        this.#outgoing.acknowledged({ to, group, sendSeq, code, seq: 0, expected }, this.now);
    }
    if (silent) this.reconnect();
  }

  reconnect(): void {
    this.#wire.length = 0;
    this.#outgoing.disconnected();
    this.#outgoing.connected(this.now);
  }

  pass(ms: number): void {
    this.now += ms;
    this.#outgoing.advance(this.now);
  }

  /** The timeline forgets the source: it expired, or a failover lost it. */
  forget(): void {
    this.#expected = 1;
  }

  settle(): void {
    for (let round = 0; this.#outgoing.unansweredCount > 0; round++) {
      if (round > 10_000) throw new Error('it never comes to rest');
      this.prepare(0, Infinity);
      this.serve(Infinity);
      if (this.#outgoing.wakeAt !== Infinity)
        this.pass(Math.max(0, this.#outgoing.wakeAt - this.now));
    }
  }

  /** As a store's append. */
  #take({ sendSeq, sendable, restart }: OutgoingMessage, busy: boolean): number {
    if (busy) return 8100;
    if (sendSeq < this.#expected) return 0;
    if (sendSeq > this.#expected && !restart) return 8200;
    this.#expected = sendSeq + 1;
    this.stored.push(sendable.text ?? '');
    return 0;
  }
}

const sending = [
  fc.integer({ min: 1, max: 200 }).map((count) => (world: SendingWorld) => world.send(count)),
  fc.tuple(small, fc.boolean()).map(
    ([count, busy]) =>
      (world: SendingWorld) =>
        world.serve(count, busy),
  ),
  small.map((count) => (world: SendingWorld) => world.serve(count, false, true)),
  fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 200 })).map(
    ([index, count]) =>
      (world: SendingWorld) =>
        world.prepare(index, count),
  ),
  fc.constant((world: SendingWorld) => world.reconnect()),
  fc.constant((world: SendingWorld) => world.takeOver()),
  fc.boolean().map((isInClear) => (world: SendingWorld) => {
    world.isInClear = isInClear;
  }),
  fc.integer({ min: 1, max: 400 }).map((ms) => (world: SendingWorld) => world.pass(ms)),
];

function playSending(course: Course<SendingWorld>): SendingWorld {
  const world = new SendingWorld();
  for (const step of course) step(world);
  world.settle();
  return world;
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `m${index + 1}`);
}

describe('messages are stored', () => {
  test('all, in order and once, and each is answered once, whatever is refused for now or lost', () => {
    fc.assert(
      fc.property(courseOf(...sending), (course) => {
        const { stored, ends, sent } = playSending(course);
        expect(stored).toEqual(names(sent));
        expect(ends).toHaveLength(sent);
        expect(new Set(ends)).toEqual(new Set(names(sent)));
      }),
      { numRuns: runs(500) },
    );
  });

  test('in order and once, but for those that cannot be sent', () => {
    const fail = fc.nat(200).map((index) => (world: SendingWorld) => world.prepare(index, 1, true));
    fc.assert(
      fc.property(courseOf(...sending, fail), (course) => {
        const { stored, ends, sent, refused } = playSending(course);
        expect(stored).toEqual(names(sent).filter((name) => !refused.includes(name)));
        expect(ends).toHaveLength(sent);
        expect(new Set(ends)).toEqual(new Set(names(sent)));
      }),
      { numRuns: runs(500) },
    );
  });

  test('all, and each is answered once, by a timeline that forgets', () => {
    const forget = fc.constant((world: SendingWorld) => world.forget());
    fc.assert(
      fc.property(courseOf(...sending, forget), (course) => {
        const { stored, ends, sent } = playSending(course);
        expect(new Set(stored)).toEqual(new Set(names(sent)));
        expect(ends).toHaveLength(sent);
        expect(new Set(ends)).toEqual(new Set(names(sent)));
      }),
      { numRuns: runs(500) },
    );
  });
});
