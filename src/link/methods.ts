/**
 * The calls of the two APIs as they cross a link: a number that is never reused, the protobuf type
 * of an entry and of its result (proto/link.proto), and the result that stands for "no answer came"
 * (the link broke, or took longer than it may). Callers recognise that by identity.
 */

import type { BatchCall } from '../api/batch-call.ts';
import type { RouteApi } from '../api/route-api.ts';
import type { ServerApi } from '../api/server-api.ts';
import { errorTable } from '../base/errors.ts';
import { closeCodes } from '../codec/close-codes.ts';
import { cim } from '../codec/protobuf.ts';

interface Codec<T> {
  encode(value: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

export interface Method<Entry, Result> {
  readonly id: number;
  /** Entries are dropped (answered `unanswered`) where they would have to wait. */
  readonly droppable?: true;
  readonly entry: Codec<Entry>;
  readonly result: Codec<Result>;
  readonly unanswered: Result;
}

/**
 * Generated types take mutable arrays where the contracts promise not to touch them; that is all
 * this hides.
 */
function codec<T>(generated: {
  encode(value: never): unknown;
  decode(bytes: Uint8Array): unknown;
}): Codec<T> {
  return generated as unknown as Codec<T>;
}

type EntryOf<Call> = Call extends BatchCall<infer Entry, infer _Result> ? Entry : never;
type ResultOf<Call> = Call extends BatchCall<infer _Entry, infer Result> ? Result : never;

/** One method per call of an API. */
export type MethodsOf<Api> = {
  readonly [Name in keyof Api]: Method<EntryOf<Api[Name]>, ResultOf<Api[Name]>>;
};

const busy = Number(errorTable.busy.code);
const done = { code: busy };
const { link } = cim;

export const routeMethods: MethodsOf<RouteApi> = {
  open: {
    id: 1,
    entry: codec(link.OpenEntry),
    result: codec(link.OpenResult),
    unanswered: {
      code: closeCodes.unavailable.code,
      reason: closeCodes.unavailable.meaning,
      connectionNumber: 0,
      cursor: 0,
      head: 0,
      groupHead: 0,
      groups: [],
    },
  },
  close: {
    id: 2,
    entry: codec(link.CloseEntry),
    result: codec(link.DoneResult),
    unanswered: { ...done },
  },
  submit: {
    id: 3,
    entry: codec(link.SubmitEntry),
    result: codec(link.SubmitResult),
    unanswered: { code: busy, seq: 0, expected: 0, duplicates: 0 },
  },
  read: {
    id: 4,
    entry: codec(link.ReadEntry),
    result: codec(link.ReadResult),
    unanswered: { code: busy, seqs: [], bodies: [], head: 0, first: 0, rewound: false },
  },
  acknowledge: {
    id: 5,
    entry: codec(link.AcknowledgeEntry),
    result: codec(link.DoneResult),
    unanswered: { ...done },
  },
  interest: {
    id: 6,
    entry: codec(link.InterestEntry),
    result: codec(link.InterestResult),
    unanswered: { code: busy, head: 0 },
  },
  check: {
    id: 7,
    entry: codec(link.CheckEntry),
    result: codec(link.CheckResult),
    unanswered: { code: busy, known: true, head: 0 },
  },
  locate: {
    id: 9,
    entry: codec(link.LocateEntry),
    result: codec(link.LocateResult),
    unanswered: { code: busy, here: false, sessionIds: [] },
  },
  transient: {
    id: 8,
    droppable: true,
    entry: codec(link.PassEntry),
    result: codec(link.DoneResult),
    unanswered: { ...done },
  },
};

export const serverMethods: MethodsOf<ServerApi> = {
  push: {
    id: 1,
    entry: codec(link.PushEntry),
    result: codec(link.PushResult),
    unanswered: { missing: [] },
  },
  pushGroup: {
    id: 2,
    entry: codec(link.PushGroupEntry),
    result: codec(link.PushGroupResult),
    unanswered: { foreign: false },
  },
  end: {
    id: 3,
    entry: codec(link.EndEntry),
    result: codec(link.DoneResult),
    unanswered: { ...done },
  },
  wake: {
    id: 4,
    entry: codec(link.WakeEntry),
    result: codec(link.DoneResult),
    unanswered: { ...done },
  },
  online: {
    id: 5,
    entry: codec(link.OnlineEntry),
    result: codec(link.OnlineResult),
    unanswered: { userIds: [], userNames: [], next: 0 },
  },
  transient: {
    id: 6,
    droppable: true,
    entry: codec(link.TransientEntry),
    result: codec(link.DoneResult),
    unanswered: { ...done },
  },
  membership: {
    id: 7,
    entry: codec(link.MembershipEntry),
    result: codec(link.DoneResult),
    unanswered: { ...done },
  },
  drain: {
    id: 8,
    entry: codec(link.DrainEntry),
    result: codec(link.DoneResult),
    unanswered: { ...done },
  },
};
