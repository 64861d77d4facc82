/**
 * Who is told what of whom, whatever happens in whatever order: people come and go, answers are late,
 * hints get lost, and those who watch change their minds, are slow or leave. Whoever watches comes to
 * know the truth; nobody is told to be gone who was away for less than 15 s; and whom nobody watches
 * is not asked about. fast-check prints the seed and the smallest example that fails.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PresenceEntry, PresenceResult } from '../../src/api/route-api.ts';
import { limits } from '../../src/base/limits.ts';
import { Counters } from '../../src/base/process/counters.ts';
import { PresenceTable } from '../../src/server/presence/presence-table.ts';
import type { Watcher } from '../../src/server/presence/watcher.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';
import { settle, VirtualClock } from '../support/virtual-clock.ts';

const people = [11, 12, 13] as const;
const watching = 3;
/** How a question may be answered: as it is, or by no route. */
const answerCodes = [0, 0, 0, 1] as const;
/** After so long without a change everybody knows the truth. */
const quietMs = 2 * limits.presenceAskMs + limits.presenceOfflineMs;

const nth = fc.nat({ max: 5 });
const some = fc.subarray([...people]);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('watch' as const), nth, some }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), nth }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('room' as const), nth, has: fc.boolean() }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom('comes' as const, 'goes' as const),
      nth,
      isLost: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('answer' as const), nth, code: nth }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('look' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      seconds: fc.oneof(fc.integer({ min: 1, max: 16 }), fc.constantFrom(14, 15, 25)),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Kind> ? Kind : never;

/** A client: what it watches, and what it shows of them. */
class Viewer {
  readonly peer: { userId: number; ready: boolean; hasRoom: boolean };
  readonly shown = new Map<number, boolean>();
  watched = new Set<number>();
  watcher: Watcher | undefined;

  constructor(userId: number) {
    this.peer = { userId, ready: true, hasRoom: true };
  }
}

class Stage {
  readonly clock = new VirtualClock();
  readonly #isLossy: boolean;
  readonly #table: PresenceTable;
  readonly #viewers = Array.from({ length: watching }, (_, index) => new Viewer(index + 1));
  /** Until when each was there; Infinity: they are. */
  readonly #thereUntil = new Map<number, number>();
  /** How long each was away the last time. */
  readonly #wasAwayMs = new Map<number, number>();
  /** Questions, each with what a route has found: undefined while it has not looked. */
  readonly #asked: {
    entry: PresenceEntry;
    found?: string[];
    reply: (result: PresenceResult) => void;
  }[] = [];
  /** What should not have been told. */
  readonly #faults: string[] = [];
  told = 0;

  constructor(isLossy: boolean) {
    this.#isLossy = isLossy;
    const counters = new Counters();
    this.#table = new PresenceTable({
      routes: {
        presence: (entries, answer) => {
          for (const [index, entry] of entries.entries())
            this.#asked.push({ entry, reply: (result) => answer(index, result) });
        },
      },
      clock: this.clock,
      instance: 'me',
      address: () => 'here',
      counters: { told: counters.add('told', ''), refused: counters.add('refused', '') },
    });
  }

  async take(taken: Step): Promise<void> {
    switch (taken.kind) {
      case 'watch':
        this.#watch(this.#viewer(taken.nth), taken.some);
        break;
      case 'leave':
        this.#leave(this.#viewer(taken.nth));
        break;
      case 'room':
        this.#viewer(taken.nth).peer.hasRoom = taken.has;
        break;
      case 'comes':
      case 'goes':
        this.#change(taken.nth, taken.kind === 'comes', this.#isLossy && taken.isLost);
        break;
      case 'look':
        for (const asked of this.#asked) asked.found ??= this.#whereIs(asked.entry.userId);
        break;
      case 'answer':
        this.#answer(taken.nth, answerCodes[taken.code % answerCodes.length] ?? 0);
        break;
      case 'wait':
        await this.#wait(1_000 * taken.seconds);
    }
    await settle();
    expect(this.#faults).toEqual([]);
  }

  /** Routes answer, nothing more happens, and everybody reads. */
  async calm(): Promise<void> {
    for (const { peer } of this.#viewers) peer.hasRoom = true;
    for (let waited = 0; waited < quietMs; waited += limits.sweepMs) {
      this.#answerAll();
      await this.#wait(limits.sweepMs);
    }
    expect(this.#faults).toEqual([]);
    for (const { watched, shown, watcher } of this.#viewers)
      if (watcher)
        expect(shown).toEqual(new Map(Array.from(watched, (id) => [id, this.#isThere(id)])));
  }

  /** All leave: nobody is asked about any more. */
  async end(): Promise<void> {
    for (const viewer of this.#viewers) this.#leave(viewer);
    this.#answerAll();
    await this.#wait(quietMs);
    expect(this.#asked).toEqual([]);
    for (const viewer of this.#viewers) expect(viewer.shown.size).toBe(0);
  }

  #viewer(nth: number): Viewer {
    return this.#viewers[nth % watching] as Viewer;
  }

  #watch(viewer: Viewer, ids: readonly number[]): void {
    viewer.watcher ??= this.#table.watcher(viewer.peer, {
      onPresence: (news) => {
        for (const { userId, online } of news) this.#show(viewer, userId, online);
      },
      onWatchRefused: () => {
        throw new Error('so few are refused');
      },
    });
    viewer.watched = new Set(ids);
    for (const id of viewer.shown.keys()) if (!viewer.watched.has(id)) viewer.shown.delete(id);
    const online = [...viewer.shown].flatMap(([id, isOnline]) => (isOnline ? [id] : []));
    viewer.watcher.watch({ userIds: viewer.watched, online: new Set(online) });
  }

  #leave(viewer: Viewer): void {
    viewer.watcher?.end();
    viewer.watcher = undefined;
    viewer.watched.clear();
    viewer.shown.clear();
  }

  #show({ peer, watcher, watched, shown }: Viewer, userId: number, online: boolean): void {
    this.told += 1;
    if (!peer.hasRoom || !watcher) this.#faults.push('it could not be told');
    // Whom it has just ceased to watch it may hear of while that change has to wait.
    if (!watched.has(userId)) return;
    const was = shown.get(userId);
    shown.set(userId, online);
    if (was !== true || online) return;
    // Of whom a hint was lost it is not known that they were back.
    const awayMs = this.#awayMs(userId);
    if (!this.#isLossy && awayMs < limits.presenceOfflineMs)
      this.#faults.push(`${userId} was away for ${awayMs} ms`);
  }

  /** How long they have been away; if they are back, how long they were: who had no room hears of it late. */
  #awayMs(userId: number): number {
    if (this.#isThere(userId)) return this.#wasAwayMs.get(userId) ?? 0;
    return this.clock.monotonic() - (this.#thereUntil.get(userId) ?? -Infinity);
  }

  #isThere(userId: number): boolean {
    return this.#thereUntil.get(userId) === Infinity;
  }

  #whereIs(userId: number): string[] {
    return this.#isThere(userId) ? ['there'] : [];
  }

  #change(nth: number, isComing: boolean, isLost: boolean): void {
    const userId = people[nth % people.length] as number;
    if (this.#isThere(userId) === isComing) return;
    if (isComing) this.#wasAwayMs.set(userId, this.#awayMs(userId));
    this.#thereUntil.set(userId, isComing ? Infinity : this.clock.monotonic());
    if (!isLost) this.#table.hint(userId, isComing);
  }

  #answer(nth: number, code: number): void {
    const [asked] = this.#asked.splice(nth % Math.max(this.#asked.length, 1), 1);
    if (!asked) return;
    const instances = asked.found ?? this.#whereIs(asked.entry.userId);
    asked.reply({ code, instances: code === 0 ? instances : [], lastSeen: 0, hiddenFrom: [] });
  }

  #answerAll(): void {
    while (this.#asked.length > 0) this.#answer(0, 0);
  }

  async #wait(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += limits.sweepMs) {
      await this.clock.advance(limits.sweepMs);
      this.#table.sweep();
    }
    await settle();
  }
}

test.each([
  ['no hint is lost', false],
  ['hints are lost', true],
])(
  'whoever watches comes to know the truth: %s',
  async (name, isLossy) => {
    let told = 0;
    const steps = fc.array(step, { maxLength: 50, size: 'max' });
    const property = fc.asyncProperty(steps, async (taken) => {
      const stage = new Stage(isLossy);
      for (const each of taken) await stage.take(each);
      await stage.calm();
      told += stage.told;
      await stage.end();
    });
    await fuzz(`presence, ${name}`, property, 200);
    expect(told).toBeGreaterThan(0);
  },
  fuzzTimeoutMs,
);
