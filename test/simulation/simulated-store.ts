/**
 * The store as one route process reaches it: each call takes time, and may not be done, be done
 * without the route hearing of it, or be done long after the route was told `busy`. Of a batch of
 * appends each timeline has its own fate, as its shard has. What a dead route has asked for is
 * still done.
 */
import { CimError } from '../../src/base/errors.ts';
import type { Accounts } from '../../src/store/accounts.ts';
import type { Conversations } from '../../src/store/conversations.ts';
import type { Groups } from '../../src/store/groups.ts';
import type { Marks } from '../../src/store/marks.ts';
import type { Presence } from '../../src/store/presence.ts';
import {
  CopyOrdering,
  ownCopiesOf,
  resultOfCopy,
} from '../../src/store/redis/calls/copy-ordering.ts';
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
  stored: 0,
  refused: 0,
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

export interface SimulatedStoreOptions {
  readonly world: World;
  readonly process: SimulatedProcess;
  readonly store: Store;
  readonly outages: StoreOutages;
}

export class SimulatedStore implements Store {
  readonly identity: Store['identity'];
  readonly accounts: Accounts;
  readonly deletions: Store['deletions'];
  readonly sessions: Sessions;
  readonly timelines: Timelines;
  readonly groups: Groups;
  readonly groupKeys: Store['groupKeys'];
  readonly conversations: Conversations;
  readonly marks: Marks;
  readonly presence: Presence;
  readonly schedules: Schedules;
  readonly requests: Requests;
  readonly apiKeys: Store['apiKeys'];
  readonly files: Store['files'];
  readonly operators: Store['operators'];
  readonly audit: Store['audit'];
  readonly deviceKeys: Store['deviceKeys'];
  readonly retained: Store['retained'];
  readonly topicFilters: Store['topicFilters'];
  readonly #world: World;
  readonly #process: SimulatedProcess;
  readonly #outages: StoreOutages;
  readonly #ordering = new CopyOrdering();

  constructor({ world, process, store, outages }: SimulatedStoreOptions) {
    this.#world = world;
    this.#process = process;
    this.#outages = outages;
    const { identity, accounts, sessions, timelines, groups, conversations, marks } = store;
    const { presence, schedules, requests, apiKeys, deletions, files, groupKeys } = store;
    this.identity = {
      get: () => this.#call(() => identity.get()),
      salt: () => this.#call(() => identity.salt()),
      renew: () => this.#call(() => identity.renew()),
    };
    this.accounts = {
      register: (registration) => this.#call(() => accounts.register(registration)),
      get: (userIds) => this.#call(() => accounts.get(userIds)),
      named: (name) => this.#call(() => accounts.named(name)),
      credential: (userId) => this.#call(() => accounts.credential(userId)),
      replaceSecret: (change) => this.#call(() => accounts.replaceSecret(change)),
      revoke: (userId) => this.#call(() => accounts.revoke(userId)),
      setBlocked: (userId, blocked) => this.#call(() => accounts.setBlocked(userId, blocked)),
      offerKeys: (userId, pair) => this.#call(() => accounts.offerKeys(userId, pair)),
      keyPair: (userId) => this.#call(() => accounts.keyPair(userId)),
      publicKeys: (userIds) => this.#call(() => accounts.publicKeys(userIds)),
    };
    this.deletions = {
      begin: (userId) => this.#call(() => deletions.begin(userId)),
      finish: (userId) => this.#call(() => deletions.finish(userId)),
      pending: () => this.#call(() => deletions.pending()),
      isDeleted: (userId) => this.#call(() => deletions.isDeleted(userId)),
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
      readBack: (timeline, ...asked) =>
        this.#call(() => timelines.readBack(timeline, ...asked), timeline),
      heads: (names) => this.#call(() => timelines.heads(names)),
      watchers: (names) => this.#call(() => timelines.watchers(names)),
      addInterest: (group, server) => this.#call(() => timelines.addInterest(group, server)),
      removeInterest: (group, instance) =>
        this.#call(() => timelines.removeInterest(group, instance)),
    };
    this.groups = {
      create: (...asked) => this.#call(() => groups.create(...asked)),
      join: (...asked) => this.#call(() => groups.join(...asked)),
      leave: (name, userId) => this.#call(() => groups.leave(name, userId)),
      of: (userId) => this.#call(() => groups.of(userId)),
      change: (name, by, change) => this.#call(() => groups.change(name, by, change)),
      removed: (name) => this.#call(() => groups.removed(name)),
      invitations: (userId) => this.#call(() => groups.invitations(userId)),
      find: (name) => this.#call(() => groups.find(name)),
      members: (name, after, limit) => this.#call(() => groups.members(name, after, limit)),
      memberships: (questions) => this.#call(() => groups.memberships(questions)),
      acknowledge: (batch) => this.#call(() => groups.acknowledge(batch)),
    };
    this.groupKeys = {
      draw: (draw) => this.#call(() => groupKeys.draw(draw)),
      give: (...asked) => this.#call(() => groupKeys.give(...asked)),
      read: (...asked) => this.#call(() => groupKeys.read(...asked)),
      forget: (...asked) => this.#call(() => groupKeys.forget(...asked)),
      changes: (...asked) => this.#call(() => groupKeys.changes(...asked)),
    };
    this.conversations = {
      block: (userId, peer) => this.#call(() => conversations.block(userId, peer)),
      unblock: (userId, peer) => this.#call(() => conversations.unblock(userId, peer)),
      blockedBy: (userId) => this.#call(() => conversations.blockedBy(userId)),
      list: (userId) => this.#call(() => conversations.list(userId)),
      ofGroups: (userId, names) => this.#call(() => conversations.ofGroups(userId, names)),
      setFlag: (userId, conversation, flag, isSet) =>
        this.#call(() => conversations.setFlag(userId, conversation, flag, isSet)),
    };
    this.marks = {
      move: (batch) => this.#call(() => marks.move(batch)),
      ofPeers: (userId, peers) => this.#call(() => marks.ofPeers(userId, peers)),
      ofGroup: (group, seq) => this.#call(() => marks.ofGroup(group, seq)),
      versions: (userIds) => this.#call(() => marks.versions(userIds)),
    };
    this.presence = {
      look: (batch, leaseMs) => this.#call(() => presence.look(batch, leaseMs)),
      // Nobody watches here: so it draws nothing, and a seed has the course that it had before.
      observers: (userIds) => presence.observers(userIds),
      showLastSeen: (...asked) => this.#call(() => presence.showLastSeen(...asked)),
    };
    // No world here has files: what looks for them draws nothing.
    this.files = files;
    // Nor operators, nor topics.
    this.operators = store.operators;
    this.audit = store.audit;
    this.deviceKeys = store.deviceKeys;
    this.retained = store.retained;
    this.topicFilters = store.topicFilters;
    this.requests = { claim: (claim) => this.#call(() => requests.claim(claim)) };
    this.schedules = {
      create: (schedule, delayMs) => this.#call(() => schedules.create(schedule, delayMs)),
      listOf: (...asked) => this.#call(() => schedules.listOf(...asked)),
      cancel: (schedule) => this.#call(() => schedules.cancel(schedule)),
      lease: (limit, leaseMs) => this.#call(() => schedules.lease(limit, leaseMs)),
      finish: (finished) => this.#call(() => schedules.finish(finished)),
    };
  }

  async problem(): Promise<string | null> {
    return null;
  }

  async refusal(): Promise<string | null> {
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
    const settle = (index: number, result: AppendResult) => {
      results[index] = result;
      answered(index, result);
    };
    const late = this.#ordering.laterIn(batch);
    const early = [...batch.keys()].filter((index) => !late.has(index));
    await this.#appendApart(batch, early, settle, timelines);
    if (late.size > 0) await this.#appendLate(batch, late, results, settle, timelines);
    return results;
  }

  /** As RedisTimelines has it: own copies, of what was taken for their receivers. */
  async #appendLate(
    batch: readonly Append[],
    late: ReadonlyMap<number, number>,
    results: readonly AppendResult[],
    settle: AppendAnswered,
    timelines: Timelines,
  ): Promise<void> {
    const copies: Append[] = [];
    const indexOf: number[] = [];
    for (const [index, receiver] of late) {
      const taken = results[receiver]!;
      const parts = ownCopiesOf(batch[index]!, taken);
      if (parts.length === 0) settle(index, { ...busyAppend, status: taken.status });
      for (const part of parts) {
        copies.push(part);
        indexOf.push(index);
      }
    }
    const settleCopy = (place: number, result: AppendResult) => {
      const index = indexOf[place]!;
      // A skip that follows: nobody asks for it.
      if (indexOf[place - 1] === index) return;
      settle(index, resultOfCopy(result, results[late.get(index)!]!));
    };
    await this.#appendApart(copies, [...copies.keys()], settleCopy, timelines);
  }

  async #appendApart(
    batch: readonly Append[],
    places: readonly number[],
    settle: AppendAnswered,
    timelines: Timelines,
  ): Promise<void> {
    const byTimeline = Map.groupBy(places, (index) => batch[index]!.timeline);
    const append = async (timeline: TimelineId, indexes: readonly number[]) => {
      const appends = indexes.map((index) => batch[index]!);
      const run = async () => {
        const answers = await timelines.append(appends);
        for (const [position, answer] of answers.entries()) this.#note(appends[position]!, answer);
        return answers;
      };
      const answers = await this.#call(run, timeline).catch(() => appends.map(() => busyAppend));
      for (const [position, index] of indexes.entries()) {
        const answer = answers[position]!;
        if (answer !== busyAppend)
          this.#ordering.heard(
            batch[index]!,
            answer.status === 'busy' || answer.status === 'mailbox-full',
          );
        settle(index, answer);
      }
    };
    await Promise.all(Array.from(byTimeline, ([timeline, indexes]) => append(timeline, indexes)));
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
