/**
 * A store as a route sees it that dies at some step: from there on nothing it has asked is ever
 * answered, whether or not it was done.
 */
import type { Store } from '../../src/store/store.ts';

export interface DyingStore {
  readonly store: Store;
  /** Whether the step was reached. */
  isDead(): boolean;
}

/**
 * `first append`: of a message that is stored in two timelines only the first is; `append`: both
 * are, and nobody hears of it; `lease`: of schedules.
 */
export type DyingStep = 'lease' | 'first append' | 'append';

export function dyingStore(store: Store, step: DyingStep, leaseMs: number): DyingStore {
  let isDead = false;
  const die = () => {
    isDead = true;
    return new Promise<never>(() => {
      // Nobody is there to be answered.
    });
  };
  const schedules: Store['schedules'] = {
    create: (...schedule) => store.schedules.create(...schedule),
    listOf: (...asked) => store.schedules.listOf(...asked),
    cancel: (schedule) => store.schedules.cancel(schedule),
    lease: async (limit) => {
      const leased = await store.schedules.lease(limit, leaseMs);
      return step === 'lease' && leased.length > 0 ? die() : leased;
    },
    finish: die,
  };
  const timelines: Store['timelines'] = {
    append: async (batch) => {
      await store.timelines.append(step === 'first append' ? batch.slice(0, 1) : batch);
      return die();
    },
    read: (read) => store.timelines.read(read),
    readBack: (...asked) => store.timelines.readBack(...asked),
    heads: (asked) => store.timelines.heads(asked),
    watchers: (asked) => store.timelines.watchers(asked),
    addInterest: (...interest) => store.timelines.addInterest(...interest),
    removeInterest: (...interest) => store.timelines.removeInterest(...interest),
  };
  const seen: Store = {
    identity: store.identity,
    accounts: store.accounts,
    sessions: store.sessions,
    groups: store.groups,
    groupKeys: store.groupKeys,
    conversations: store.conversations,
    marks: store.marks,
    presence: store.presence,
    requests: store.requests,
    apiKeys: store.apiKeys,
    files: store.files,
    operators: store.operators,
    audit: store.audit,
    deviceKeys: store.deviceKeys,
    retained: store.retained,
    topicFilters: store.topicFilters,
    deletions: store.deletions,
    schedules,
    timelines,
    problem: () => store.problem(),
    refusal: () => store.refusal(),
    close: () => store.close(),
  };
  return { store: seen, isDead: () => isDead };
}
