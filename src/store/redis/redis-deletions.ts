/**
 * Deletions in Redis. What bears the tag of the user goes in one script (scripts/delete-account.lua);
 * memberships, schedules and the name bear others, and are taken away one by one. A list of those
 * that are pending is written before anything else, so that no crash leaves half of one for ever.
 */
import { limits } from '../../base/limits.ts';
import type { DeletionBegin, Deletions, PendingDeletion } from '../deletions.ts';
import { userTimeline } from '../timelines.ts';
import type { RedisCalls } from './calls/redis-calls.ts';
import { type Keys, scheduleShard } from './keys.ts';
import type { RedisAccounts } from './redis-accounts.ts';
import type { RedisFiles } from './redis-files.ts';
import type { RedisGroups } from './redis-groups.ts';
import type { RedisTopicFilters } from './redis-topic-filters.ts';
import { scripts } from './scripts.ts';
import { isOfDeleted, parseWatchers } from './watchers.ts';

export interface RedisDeletionsOptions {
  readonly calls: RedisCalls;
  readonly keys: Keys;
  readonly accounts: RedisAccounts;
  readonly groups: RedisGroups;
  readonly files: RedisFiles;
  readonly topicFilters: RedisTopicFilters;
}

export class RedisDeletions implements Deletions {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;
  readonly #accounts: RedisAccounts;
  readonly #groups: RedisGroups;
  readonly #files: RedisFiles;
  readonly #topicFilters: RedisTopicFilters;

  constructor(options: RedisDeletionsOptions) {
    const { calls, keys, accounts, groups, files, topicFilters } = options;
    this.#calls = calls;
    this.#keys = keys;
    this.#accounts = accounts;
    this.#groups = groups;
    this.#files = files;
    this.#topicFilters = topicFilters;
  }

  async begin(userId: number): Promise<DeletionBegin> {
    const account = this.#keys.account(userId);
    const [name, deleted, watchers] = await Promise.all([
      this.#calls.field(account, 'name'),
      this.#calls.field(account, 'deleted'),
      this.#calls.getAll([this.#keys.watchers(userTimeline(userId))]),
    ]);
    if (name === null && deleted === null)
      return { status: isOfDeleted(watchers[0]) ? 'deleted' : 'unknown' };
    const pending = [userId, limits.deletionSettlesMs];
    await this.#calls.run(scripts.noteDeletion, [this.#keys.deletions()], pending);
    const before = await this.#deleteOwn(userId, false);
    const sessions = parseWatchers(before as Buffer | null);
    return { status: 'begun', sessions: sessions.map((session) => ({ userId, ...session })) };
  }

  async finish(userId: number): Promise<void> {
    if (!(await this.isDeleted(userId))) {
      await this.#settle(userId, 1);
      return;
    }
    const isSettled = await this.#settle(userId, 0);
    const name = await this.#calls.field(this.#keys.account(userId), 'deleted');
    if (name !== null) await this.#accounts.freeName(name, userId);
    await this.#leaveGroups(userId);
    await this.#groups.withdrawInvitations(userId);
    const shard = scheduleShard(userId);
    const schedules = [this.#keys.due(shard), this.#keys.payloads(shard), this.#keys.plan(userId)];
    await this.#calls.run(scripts.forgetSchedules, schedules, [userId]);
    await this.#files.expireOf(userId);
    await this.#topicFilters.endAllOf(userTimeline(userId));
    // A join that is under way has its second step still to do: until then its listing says where.
    await this.#deleteOwn(userId, isSettled);
    if (isSettled) await this.#settle(userId, 1);
  }

  async pending(): Promise<PendingDeletion[]> {
    const list = [this.#keys.deletions()];
    const reply = await this.#calls.run(scripts.listDeletions, list, [limits.deletionsListedMax]);
    const found: PendingDeletion[] = [];
    const values = reply as (Buffer | number)[];
    for (let at = 0; at < values.length; at += 2)
      found.push({ userId: Number(String(values[at])), isSettled: values[at + 1] === 1 });
    return found;
  }

  isDeleted(userId: number): Promise<boolean> {
    return this.#accounts.isDeleted(userId);
  }

  /** Gives who watched until then. */
  #deleteOwn(userId: number, isLast: boolean): Promise<unknown> {
    const keys = this.#keys.forDeletion(userId, isLast);
    return this.#calls.run(scripts.deleteAccount, keys, [isLast ? 1 : 0]);
  }

  /** Whether the deletion has settled; also of one that was forgotten by another route since. */
  async #settle(userId: number, forgets: 0 | 1): Promise<boolean> {
    const list = [this.#keys.deletions()];
    return (await this.#calls.run(scripts.settleDeletion, list, [userId, forgets])) !== 0;
  }

  /** Also those that only a list names: a crash has left it, or a join is under way. */
  async #leaveGroups(userId: number): Promise<void> {
    const listings = await this.#calls.fields(this.#keys.groupsOf(userId));
    for (const [name] of listings) await this.#groups.leave(name, userId);
  }
}
