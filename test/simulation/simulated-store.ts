/**
 * The store as one route process reaches it: each call takes time, and may not be done, be done
 * without the route hearing of it, or be done long after the route was told `busy`. Of a batch of
 * appends each timeline has its own fate, as its shard has. What a dead route has asked for is
 * still done.
 */
import { CimError } from '../../src/base/errors.ts';
import type { Accounts } from '../../src/store/accounts.ts';
import type { Groups } from '../../src/store/groups.ts';
import type { Requests } from '../../src/store/requests.ts';
import type { Schedules } from '../../src/store/schedules.ts';
import type { Sessions } from '../../src/store/sessions.ts';
import type { Store } from '../../src/store/store.ts';
import type {
  Append,
  AppendAnswered,
  AppendResult,
  TimelineId,
  Timelines,
} from '../../src/store/timelines.ts';
import type { SimulatedProcess } from './simulated-time.ts';
import type { World } from './world.ts';

/** A call is given up after this long. */
const timeoutMs = 1_000;

const busyAppend: AppendResult = {
  status: 'busy',
  duplicates: 0,
  seq: 0,
  expected: 0,
  watchers: [],
};

/** Until when nobody reaches the store, or one shard of it. */
export class StoreOutages {
  all = 0;
  readonly shards = new Map<TimelineId, number>();

  heal(): void {
    this.all = 0;
    this.shards.clear();
  }
}

export class SimulatedStore implements Store {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly timelines: Timelines;
  readonly groups: Groups;
  readonly schedules: Schedules;
  readonly requests: Requests;
  readonly apiKeys: Store['apiKeys'];
  readonly #world: World;
  readonly #process: SimulatedProcess;
  readonly #outages: StoreOutages;

  constructor(world: World, process: SimulatedProcess, store: Store, outages: StoreOutages) {
    this.#world = world;
    this.#process = process;
    this.#outages = outages;
    const { accounts, sessions, timelines, groups, schedules, requests, apiKeys } = store;
    this.accounts = {
      register: (registration) => this.#call(() => accounts.register(registration)),
      get: (userIds) => this.#call(() => accounts.get(userIds)),
      credential: (userId) => this.#call(() => accounts.credential(userId)),
      replaceSecret: (change) => this.#call(() => accounts.replaceSecret(change)),
      revoke: (userId) => this.#call(() => accounts.revoke(userId)),
      offerKeys: (userId, pair) => this.#call(() => accounts.offerKeys(userId, pair)),
      keyPair: (userId) => this.#call(() => accounts.keyPair(userId)),
      publicKeys: (userIds) => this.#call(() => accounts.publicKeys(userIds)),
    };
    this.apiKeys = {
      add: (key) => this.#call(() => apiKeys.add(key)),
      find: (id) => this.#call(() => apiKeys.find(id)),
      list: () => this.#call(() => apiKeys.list()),
      remove: (id) => this.#call(() => apiKeys.remove(id)),
    };
    this.sessions = {
      open: (batch) => this.#call(() => sessions.open(batch)),
      close: (batch) => this.#call(() => sessions.close(batch)),
      check: (batch) => this.#call(() => sessions.check(batch)),
      of: (userIds) => this.#call(() => sessions.of(userIds)),
      acknowledge: (batch) => this.#call(() => sessions.acknowledge(batch)),
      assignJava: (userId, address) => this.#call(() => sessions.assignJava(userId, address)),
      endJava: (userId, before) => this.#call(() => sessions.endJava(userId, before)),
      now: () => this.#call(() => sessions.now()),
    };
    this.timelines = {
      append: (batch, answered) => this.#append(batch, answered, timelines),
      read: (read) => this.#call(() => timelines.read(read), read.timeline),
      readBack: (timeline, before, limit) =>
        this.#call(() => timelines.readBack(timeline, before, limit), timeline),
      heads: (names) => this.#call(() => timelines.heads(names)),
      watchers: (names) => this.#call(() => timelines.watchers(names)),
      addInterest: (group, server) => this.#call(() => timelines.addInterest(group, server)),
      removeInterest: (group, instance) =>
        this.#call(() => timelines.removeInterest(group, instance)),
    };
    this.groups = {
      create: (name, owner) => this.#call(() => groups.create(name, owner)),
      join: (name, userId) => this.#call(() => groups.join(name, userId)),
      leave: (name, userId) => this.#call(() => groups.leave(name, userId)),
      of: (userId) => this.#call(() => groups.of(userId)),
      find: (name) => this.#call(() => groups.find(name)),
      members: (name, after, limit) => this.#call(() => groups.members(name, after, limit)),
      areMembers: (questions) => this.#call(() => groups.areMembers(questions)),
      acknowledge: (batch) => this.#call(() => groups.acknowledge(batch)),
    };
    this.requests = { claim: (claim) => this.#call(() => requests.claim(claim)) };
    this.schedules = {
      create: (schedule, delayMs) => this.#call(() => schedules.create(schedule, delayMs)),
      listOf: (owner) => this.#call(() => schedules.listOf(owner)),
      cancel: (schedule) => this.#call(() => schedules.cancel(schedule)),
      lease: (limit, leaseMs) => this.#call(() => schedules.lease(limit, leaseMs)),
      finish: (finished) => this.#call(() => schedules.finish(finished)),
    };
  }

  async problem(): Promise<string | null> {
    return null;
  }

  async close(): Promise<void> {}

  /** Each timeline answers for its own; resolves with the results of all. */
  async #append(
    batch: readonly Append[],
    answered: AppendAnswered = () => {},
    timelines: Timelines,
  ): Promise<AppendResult[]> {
    const results: AppendResult[] = [];
    const byTimeline = Map.groupBy(batch.keys(), (index) => batch[index]!.timeline);
    const append = async (timeline: TimelineId, indexes: readonly number[]) => {
      const appends = indexes.map((index) => batch[index]!);
      const run = async () => {
        const answers = await timelines.append(appends);
        for (const [position, answer] of answers.entries()) this.#note(appends[position]!, answer);
        return answers;
      };
      const answers = await this.#call(run, timeline).catch(() => appends.map(() => busyAppend));
      for (const [position, index] of indexes.entries()) {
        const result = answers[position]!;
        results[index] = result;
        answered(index, result);
      }
    };
    await Promise.all(Array.from(byTimeline, ([timeline, indexes]) => append(timeline, indexes)));
    return results;
  }

  #note({ timeline, source, sendSeq, restart, bodies }: Append, answer: AppendResult): void {
    const { status, duplicates, seq, expected } = answer;
    const run = `${this.#world.nameOf(source)}.${sendSeq}${restart ? '!' : ''} ×${bodies.length}`;
    const outcome =
      status === 'taken' ? `taken at ${seq}, ${duplicates} known` : `wants ${expected}`;
    this.#world.note(this.#process.name, `${timeline}: ${run}: ${outcome}`);
  }

  /** One command: to the store, there, and back to the route; or some of that. */
  #call<T>(run: () => Promise<T>, shard?: TimelineId): Promise<T> {
    const { random, faults, time } = this.#world;
    const { refused, unheard, late, slow } = faults.store;
    return new Promise((resolve, reject) => {
      const busy = () => reject(new CimError('busy'));
      if (random.chance(refused) || this.#isOut(shard)) {
        this.#process.after(random.integer(0, timeoutMs), busy);
        return;
      }
      const thereMs = random.chance(late)
        ? random.integer(timeoutMs, 10_000)
        : this.#world.delayMs(slow);
      const heard = !random.chance(unheard);
      const timeout = this.#process.after(timeoutMs, busy);
      time.after(thereMs, () => {
        void run().then((result) => {
          if (!heard) return;
          this.#process.after(this.#world.delayMs(0), () => {
            timeout.cancel();
            resolve(result);
          });
        });
      });
    });
  }

  #isOut(shard: TimelineId | undefined): boolean {
    const { all, shards } = this.#outages;
    const until = Math.max(all, (shard && shards.get(shard)) ?? 0);
    return until > this.#world.time.now;
  }
}
