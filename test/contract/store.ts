/**
 * What every store guarantees, run against each implementation. The prose is in src/store/*.ts;
 * where that leaves a choice open, the tests accept every answer it allows.
 */
import { afterAll, beforeAll, describe } from '@jest/globals';
import { limits } from '../../src/base/limits.ts';
import type { Quotas } from '../../src/store/quotas.ts';
import type { Retention, Store } from '../../src/store/store.ts';
import { describeAccounts } from './store/accounts.ts';
import { describeApiKeys } from './store/api-keys.ts';
import { describeAppendModel } from './store/append-model.ts';
import { describeAppends } from './store/appends.ts';
import { describeConversationList } from './store/conversation-list.ts';
import { describeConversationModel } from './store/conversation-model.ts';
import { describeConversations } from './store/conversations.ts';
import { describeCredentials } from './store/credentials.ts';
import { describeDeletions } from './store/deletions.ts';
import { describeDeviceKeys } from './store/device-keys.ts';
import { describeFiles } from './store/files.ts';
import { describeGroupAppends } from './store/group-appends.ts';
import { describeGroupChanges } from './store/group-changes.ts';
import { describeGroupDraws } from './store/group-draws.ts';
import { describeGroupKeys } from './store/group-keys.ts';
import { describeGroupMarks } from './store/group-marks.ts';
import { describeGroupModel } from './store/group-model.ts';
import { describeGroups } from './store/groups.ts';
import { describeIdentity } from './store/identity.ts';
import { describeLifecycle } from './store/lifecycle.ts';
import { describeMailboxModel } from './store/mailbox-model.ts';
import { describeMailboxes } from './store/mailboxes.ts';
import { describeMarks } from './store/marks.ts';
import { describeAudit, describeOperators } from './store/operators.ts';
import { describePresence } from './store/presence.ts';
import { describeReads } from './store/reads.ts';
import { describeRequests } from './store/requests.ts';
import { describeRetained } from './store/retained.ts';
import { describeScheduleModel } from './store/schedule-model.ts';
import { describeSchedules } from './store/schedules.ts';
import { describeSessionGenerations } from './store/session-generations.ts';
import { describeSessionModel } from './store/session-model.ts';
import { describeSessions } from './store/sessions.ts';
import { describeJavaSessions } from './store/sessions-java.ts';
import { describeTopicFilters } from './store/topic-filters.ts';

/**
 * Opens an empty store of its own. The suite closes it; the factory removes what it leaves behind.
 */
export type OpenStore = (retention: Retention, quotas?: Quotas) => Promise<Store>;

export interface StoreHooks {
  /**
   * A second store over the same data, as another route opens it. Absent where one process owns the
   * data.
   */
  readonly openAnother?: (first: Store, retention: Retention) => Promise<Store>;
  /**
   * Own copies are on other nodes than what they are copies of: the first refusal that a process hears
   * of may come after its own copy was stored.
   */
  readonly copiesApart?: boolean;
  /** Members of the largest group: fewer where each join waits for the disk, or copies them. */
  readonly crowd?: number;
}

/** What the tests of one subject are given. */
export interface StoreFixture {
  /** The store that the tests of a subject share; they keep apart by `nextUserId`. */
  readonly store: Store;
  /** A second store over the same data, or the same one. */
  readonly another: Store;
  readonly crowd: number;
  readonly copiesApart: boolean;
  openStore(retention?: Retention, quotas?: Quotas): Promise<Store>;
}

const retentionByDefault: Retention = {
  messagesMax: limits.timelineMessagesMax,
  ageMs: limits.timelineAgeMs,
};

const subjects: Record<string, (fixture: StoreFixture) => void> = {
  accounts: describeAccounts,
  credentials: describeCredentials,
  sessions: describeSessions,
  'sessions and generations': describeSessionGenerations,
  'Java sessions': describeJavaSessions,
  'sessions against a model': describeSessionModel,
  appends: describeAppends,
  'appends against a model': describeAppendModel,
  mailboxes: describeMailboxes,
  'mailboxes against a model': describeMailboxModel,
  reads: describeReads,
  groups: describeGroups,
  'changes of groups': describeGroupChanges,
  'appends for members only': describeGroupAppends,
  'draws of keys of groups': describeGroupDraws,
  'keys of groups': describeGroupKeys,
  'groups against a model': describeGroupModel,
  conversations: describeConversations,
  'lists of conversations': describeConversationList,
  'conversations against a model': describeConversationModel,
  marks: describeMarks,
  presence: describePresence,
  deletions: describeDeletions,
  'marks in groups': describeGroupMarks,
  schedules: describeSchedules,
  'schedules against a model': describeScheduleModel,
  requests: describeRequests,
  'keys of applications': describeApiKeys,
  operators: describeOperators,
  'what operators have done': describeAudit,
  files: describeFiles,
  'keys of devices': describeDeviceKeys,
  'retained values': describeRetained,
  'filters of topics': describeTopicFilters,
  identity: describeIdentity,
  lifecycle: describeLifecycle,
};

export function describeStore(name: string, open: OpenStore, hooks: StoreHooks = {}): void {
  describe(name, () => {
    for (const [subject, describeSubject] of Object.entries(subjects)) {
      describe(subject, () => describeSubject(openFixture(open, hooks)));
    }
  });
}

function openFixture(
  open: OpenStore,
  { openAnother, crowd = 3_000, copiesApart = false }: StoreHooks,
): StoreFixture {
  const opened: Store[] = [];
  let store: Store | undefined;
  let another: Store | undefined;

  beforeAll(async () => {
    store = await open(retentionByDefault);
    another = (await openAnother?.(store, retentionByDefault)) ?? store;
    opened.push(store, another);
  });
  afterAll(() => Promise.all(opened.map((each) => each.close())));

  return {
    crowd,
    copiesApart,
    get store() {
      return given(store);
    },
    get another() {
      return given(another);
    },
    async openStore(retention = retentionByDefault, quotas?: Quotas) {
      const fresh = await open(retention, quotas);
      opened.push(fresh);
      return fresh;
    },
  };
}

function given(store: Store | undefined): Store {
  if (!store) throw new Error('the store is open from beforeAll to afterAll only');
  return store;
}
