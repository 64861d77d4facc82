/**
 * What a route asks of a server: the table of its calls. Implemented by src/server/server-service.ts;
 * reached over a link or, in `cim dev`, directly. Entries and results are described in
 * proto/link.proto.
 */
import { errorTable } from '../base/errors.ts';
import type {
  DoneResult,
  DrainEntry,
  EndEntry,
  GroupChangedEntry,
  MarkEntry,
  MembershipEntry,
  OnlineEntry,
  OnlineResult,
  PresenceHintEntry,
  PublishedEntry,
  PushEntry,
  PushGroupEntry,
  PushGroupResult,
  PushResult,
  ServerGoneEntry,
  TransientEntry,
  WakeEntry,
} from '../codec/generated/link.ts';
import { cim } from '../codec/protobuf.ts';
import { type ApiOf, methodOf, withRun } from './method.ts';

export type * from '../codec/generated/link.ts';

const { link } = cim;
const code = Number(errorTable.busy.code);

export const serverMethods = {
  push: methodOf<PushEntry, PushResult>({
    id: 1,
    share: 'durable',
    entry: withRun(link.PushEntry),
    result: link.PushResult,
    unanswered: { missing: [] },
  }),
  pushGroup: methodOf<PushGroupEntry, PushGroupResult>({
    id: 2,
    share: 'durable',
    isLong: true,
    entry: withRun(link.PushGroupEntry),
    result: link.PushGroupResult,
    unanswered: { foreign: false },
  }),
  end: methodOf<EndEntry, DoneResult>({
    id: 3,
    share: 'durable',
    entry: link.EndEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  wake: methodOf<WakeEntry, DoneResult>({
    id: 4,
    share: 'durable',
    entry: link.WakeEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  online: methodOf<OnlineEntry, OnlineResult>({
    id: 5,
    share: 'durable',
    entry: link.OnlineEntry,
    result: link.OnlineResult,
    unanswered: { userIds: [], userNames: [] },
  }),
  transient: methodOf<TransientEntry, DoneResult>({
    id: 6,
    share: 'droppable',
    entry: link.TransientEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  membership: methodOf<MembershipEntry, DoneResult>({
    id: 7,
    share: 'durable',
    entry: link.MembershipEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  /** A courtesy: what is lost is noticed when the server asks anew. */
  presence: methodOf<PresenceHintEntry, DoneResult>({
    id: 20,
    share: 'background',
    entry: link.PresenceHintEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  serverGone: methodOf<ServerGoneEntry, DoneResult>({
    id: 21,
    share: 'background',
    entry: link.ServerGoneEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  /** How far people have got: the next one says more, and what is lost is asked for. */
  mark: methodOf<MarkEntry, DoneResult>({
    id: 9,
    share: 'droppable',
    entry: link.MarkEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  groupChanged: methodOf<GroupChangedEntry, DoneResult>({
    id: 22,
    share: 'durable',
    entry: link.GroupChangedEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  published: methodOf<PublishedEntry, DoneResult>({
    id: 31,
    share: 'droppable',
    entry: link.PublishedEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  drain: methodOf<DrainEntry, DoneResult>({
    id: 8,
    share: 'durable',
    entry: link.DrainEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
};

/** That a user is in a group now, or not; `code`: 0, or why not. */
export type MembershipChange = Omit<MembershipEntry, 'sessionId' | 'instance'>;

export type ServerApi = ApiOf<typeof serverMethods>;
