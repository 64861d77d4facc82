/** Deletions in memory, as src/store/deletions.ts says it, and nothing besides. */
import { limits } from '../../src/base/limits.ts';
import type { DeletionBegin, Deletions, PendingDeletion } from '../../src/store/deletions.ts';
import type { Files } from '../../src/store/files.ts';
import type { Groups } from '../../src/store/groups.ts';
import type { Sessions } from '../../src/store/sessions.ts';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import type { TopicFilters } from '../../src/store/topic-filters.ts';
import { type MemoryData, withoutEntry } from './memory-shard.ts';

interface MemoryParts {
  readonly groups: Groups;
  readonly files: Pick<Files, 'expireOf'>;
  readonly topicFilters: Pick<TopicFilters, 'endAllOf'>;
  readonly sessions: Sessions;
}

export class MemoryDeletions implements Deletions {
  readonly #data: MemoryData;
  readonly #parts: MemoryParts;
  readonly #now: () => number;

  constructor(data: MemoryData, parts: MemoryParts, now: () => number) {
    this.#data = data;
    this.#parts = parts;
    this.#now = now;
  }

  async begin(userId: number): Promise<DeletionBegin> {
    const { accounts, deletions } = this.#data;
    const known = deletions.get(userId);
    if (known === null) return { status: 'deleted' };
    if (known !== undefined) return { status: 'begun', sessions: [] };
    if (!accounts.has(userId)) return { status: 'unknown' };
    const [sessions = []] = await this.#parts.sessions.of([userId]);
    deletions.set(userId, this.#now() + limits.deletionSettlesMs);
    accounts.delete(userId);
    this.#forget(userId);
    return { status: 'begun', sessions };
  }

  async finish(userId: number): Promise<void> {
    const { deletions } = this.#data;
    const settlesAt = deletions.get(userId);
    if (settlesAt === undefined) return;
    const { groups, files, topicFilters } = this.#parts;
    await files.expireOf(userId);
    await topicFilters.endAllOf(userTimeline(userId));
    for (const { group } of await groups.of(userId)) await groups.leave(group, userId);
    this.#forget(userId);
    if (settlesAt !== null && settlesAt <= this.#now()) deletions.set(userId, null);
  }

  async pending(): Promise<PendingDeletion[]> {
    return [...this.#data.deletions].flatMap(([userId, settlesAt]) =>
      settlesAt === null ? [] : [{ userId, isSettled: settlesAt <= this.#now() }],
    );
  }

  async isDeleted(userId: number): Promise<boolean> {
    return this.#data.deletions.has(userId);
  }

  #forget(userId: number): void {
    const { shards, schedules, requests } = this.#data;
    const { groups, invitations } = this.#data.shard(userTimeline(userId));
    for (const group of invitations.keys()) {
      const { outsiders } = this.#data.shard(groupTimeline(group));
      if (outsiders.get(userId) !== 'invited') continue;
      this.#data.change(groupTimeline(group), { outsiders: withoutEntry(outsiders, userId) });
    }
    shards.delete(userTimeline(userId));
    // Where its memberships are, until it has left them.
    if (groups.size > 0) this.#data.change(userTimeline(userId), { groups });
    for (const [key, { owner }] of schedules) if (owner === userId) schedules.delete(key);
    for (const [key, { owner }] of requests) if (owner === userId) requests.delete(key);
  }
}
