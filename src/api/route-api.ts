/**
 * What a server asks of a route: the table of its calls. Implemented by src/route/route-service.ts;
 * reached over a link or, in `cim dev`, directly. Entries and results are described in
 * proto/link.proto.
 */
import { errorTable } from '../base/errors.ts';
import { closeCodes } from '../codec/close-codes.ts';
import type {
  AcknowledgeEntry,
  CheckEntry,
  CheckResult,
  CloseEntry,
  DoneResult,
  IdentifyDeviceEntry,
  IdentifyDeviceResult,
  InterestEntry,
  LocateEntry,
  LocateResult,
  InterestResult as LongInterestResult,
  SubmitResult as LongSubmitResult,
  OpenEntry,
  OpenResult,
  PassEntry,
  PresenceEntry,
  PresenceResult,
  ProveEntry,
  ProveResult,
  PublishEntry,
  PublishResult,
  ReadEntry,
  ReadResult,
  RetainedEntry,
  RetainedResult,
  SubmitEntry,
  TimeEntry,
  TimeResult,
} from '../codec/generated/link.ts';
import { cim } from '../codec/protobuf.ts';
import { type ApiOf, type Method, type MethodLine, methodOf, withRun } from './method.ts';

export type * from '../codec/generated/link.ts';

/** `stored` and `refused` are left out where they are 0: nearly always. */
export type SubmitResult = Omit<LongSubmitResult, 'stored' | 'refused'> &
  Partial<Pick<LongSubmitResult, 'stored' | 'refused'>>;

/** `facts` and `removed` are left out where a server knows them. */
export type InterestResult = Omit<LongInterestResult, 'facts' | 'removed'> &
  Partial<Pick<LongInterestResult, 'facts' | 'removed'>>;

/** Whose connection a message came from. */
export type Sender = Pick<SubmitEntry, 'from' | 'fromName' | 'epochHex' | 'instance' | 'sessionId'>;

/** What is said of one user, of one group, or by one server goes to one route, and so stays in order. */
type Key = number | string;

/** What `retain` of a PublishEntry asks for. */
export const retaining = { not: 0, keep: 1, remove: 2 } as const;

export interface RouteMethod<Entry, Result> extends Method<Entry, Result> {
  readonly keyOf: (entry: Entry) => Key;
}

function method<Entry, Result extends object>(
  line: MethodLine<Result> & Pick<RouteMethod<Entry, Result>, 'keyOf'>,
): RouteMethod<Entry, Result> {
  return { ...methodOf<Entry, Result>(line), keyOf: line.keyOf };
}

const { link } = cim;
const code = Number(errorTable.busy.code);
const ofUser = ({ userId }: { readonly userId: number }): Key => userId;
const ofSender = ({ from }: { readonly from: number }): Key => from;
const ofGroup = ({ group }: { readonly group: string }): Key => group;

export const routeMethods = {
  open: method<OpenEntry, OpenResult>({
    id: 1,
    share: 'durable',
    keyOf: ofUser,
    entry: link.OpenEntry,
    result: link.OpenResult,
    unanswered: {
      code: closeCodes.unavailable.code,
      reason: closeCodes.unavailable.meaning,
      connectionNumber: 0,
      cursor: 0,
      head: 0,
      groupHead: 0,
      groups: [],
      storeId: '',
      marksVersion: 0,
    },
  }),
  close: method<CloseEntry, DoneResult>({
    id: 2,
    share: 'durable',
    keyOf: ofUser,
    entry: link.CloseEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  submit: method<SubmitEntry, SubmitResult>({
    id: 3,
    share: 'durable',
    keyOf: ofSender,
    entry: withRun(link.SubmitEntry),
    result: link.SubmitResult,
    unanswered: { code, seq: 0, expected: 0, duplicates: 0 },
  }),
  read: method<ReadEntry, ReadResult>({
    id: 4,
    share: 'durable',
    keyOf: ofUser,
    entry: link.ReadEntry,
    result: link.ReadResult,
    unanswered: { code, seqs: [], bodies: [], head: 0, first: 0, rewound: false },
  }),
  acknowledge: method<AcknowledgeEntry, DoneResult>({
    id: 5,
    share: 'background',
    keyOf: ofUser,
    entry: link.AcknowledgeEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  interest: method<InterestEntry, InterestResult>({
    id: 6,
    share: 'background',
    keyOf: ofGroup,
    entry: link.InterestEntry,
    result: link.InterestResult,
    unanswered: { code, head: 0 },
  }),
  check: method<CheckEntry, CheckResult>({
    id: 7,
    share: 'background',
    keyOf: ofUser,
    entry: link.CheckEntry,
    result: link.CheckResult,
    unanswered: { code, known: true, head: 0, marksVersion: 0 },
  }),
  locate: method<LocateEntry, LocateResult>({
    id: 9,
    share: 'background',
    keyOf: ofUser,
    entry: link.LocateEntry,
    result: link.LocateResult,
    unanswered: { code, here: false, sessionIds: [] },
  }),
  /**
   * Messages that are not stored: each goes at most once to whoever is connected. The answer says
   * only that the route has seen them, or (`busy`) dropped them.
   */
  transient: method<PassEntry, DoneResult>({
    id: 8,
    share: 'droppable',
    keyOf: ofSender,
    entry: link.PassEntry,
    result: link.DoneResult,
    unanswered: { code },
  }),
  time: method<TimeEntry, TimeResult>({
    id: 10,
    share: 'background',
    keyOf: ({ instance }) => instance,
    entry: link.TimeEntry,
    result: link.TimeResult,
    unanswered: { code, at: 0 },
  }),
  prove: method<ProveEntry, ProveResult>({
    id: 30,
    share: 'durable',
    keyOf: ({ user }) => user,
    entry: link.ProveEntry,
    result: link.ProveResult,
    unanswered: {
      code: closeCodes.unavailable.code,
      reason: closeCodes.unavailable.meaning,
      userId: 0,
      userName: '',
      generation: 0,
      at: 0,
    },
  }),
  presence: method<PresenceEntry, PresenceResult>({
    id: 20,
    share: 'background',
    keyOf: ofUser,
    entry: link.PresenceEntry,
    result: link.PresenceResult,
    unanswered: { code, instances: [], lastSeen: 0, hiddenFrom: [] },
  }),
  publish: method<PublishEntry, PublishResult>({
    id: 31,
    share: 'durable',
    keyOf: ({ owner, clientId }) => `${owner} ${clientId}`,
    entry: link.PublishEntry,
    result: link.PublishResult,
    unanswered: { code, number: 0 },
  }),
  retained: method<RetainedEntry, RetainedResult>({
    id: 32,
    share: 'background',
    keyOf: ({ filter }) => filter,
    entry: link.RetainedEntry,
    result: link.RetainedResult,
    unanswered: { code, topics: [], numbers: [], bodies: [], expiries: [], next: '' },
  }),
  identifyDevice: method<IdentifyDeviceEntry, IdentifyDeviceResult>({
    id: 33,
    share: 'durable',
    keyOf: ({ key }) => key,
    entry: link.IdentifyDeviceEntry,
    result: link.IdentifyDeviceResult,
    unanswered: { code, id: '', name: '', allow: [] },
  }),
};

export type RouteApi = ApiOf<typeof routeMethods>;
