/**
 * What there is to know of a call between roles: how it crosses a link, which share of one it may
 * take, and the results that stand for "no answer came". The tables of all calls are
 * src/api/route-api.ts and src/api/server-api.ts.
 */
import { assertRun, type Run } from '../codec/run.ts';
import type { BatchCall } from './batch-call.ts';

export interface Method<Entry, Result> {
  /** Never reused. */
  readonly id: number;
  /**
   * What of a link its entries may take, beside the others: `durable` nearly all; `background` a
   * share, as nobody waits for them; `droppable` what nobody else takes.
   */
  readonly share: Share;
  /**
   * It may take long, and the link is alive while its host says that it is at work: see LinkHost.
   */
  readonly isLong?: true;
  readonly entry: Codec<Entry>;
  readonly result: Codec<Result>;
  /** The link broke, or the answer took longer than it may. Callers know it by identity. */
  readonly unanswered: Result;
  /**
   * The share was used up, and the entry was not sent: this says nothing of who is asked. Like
   * `unanswered`, and known by identity.
   */
  readonly noRoom: Result;
}

export type Share = 'durable' | 'background' | 'droppable';

/** A type of proto/link.proto. */
interface Codec<T> {
  encode(value: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/**
 * What protobufjs makes of such a type. It takes mutable arrays, and entries that lack fields, where
 * the calls promise otherwise; that is all this hides.
 */
interface GeneratedCodec {
  encode(value: never): unknown;
  decode(bytes: Uint8Array): unknown;
}

/** A line of a table of calls. */
export interface MethodLine<Result>
  extends Pick<Method<never, Result>, 'id' | 'share' | 'isLong' | 'unanswered'> {
  readonly entry: GeneratedCodec;
  readonly result: GeneratedCodec;
}

export function methodOf<Entry, Result extends object>(
  line: MethodLine<Result>,
): Method<Entry, Result> {
  return {
    ...line,
    entry: line.entry as unknown as Codec<Entry>,
    result: line.result as unknown as Codec<Result>,
    noRoom: { ...line.unanswered },
  };
}

/**
 * Of entries with a run: one that is malformed cannot be read. Whoever took it later would fail with
 * all that came beside it.
 */
export function withRun<T extends Run>({
  encode,
  decode,
}: {
  encode(value: T): unknown;
  decode(bytes: Uint8Array): T;
}): GeneratedCodec {
  return {
    encode,
    decode: (bytes) => {
      const entry = decode(bytes);
      assertRun(entry);
      return entry;
    },
  };
}

/** One call per method of a table. */
export type ApiOf<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends Method<infer Entry, infer Result>
    ? BatchCall<Entry, Result>
    : never;
};

type EntryOf<Call> = Call extends BatchCall<infer Entry, infer _Result> ? Entry : never;
type ResultOf<Call> = Call extends BatchCall<infer _Entry, infer Result> ? Result : never;

/** One method per call of an API. */
export type MethodsOf<Api> = {
  readonly [Name in keyof Api]: Method<EntryOf<Api[Name]>, ResultOf<Api[Name]>>;
};

/** Makes an API of its methods and of how to send a batch. */
export function apiOf<Api>(
  methods: MethodsOf<Api>,
  send: <Entry, Result>(
    method: Method<Entry, Result>,
    entries: readonly Entry[],
    answer: (index: number, result: Result) => void,
    name: keyof Api,
  ) => void,
): Api {
  const api: Record<string, BatchCall<unknown, unknown>> = {};
  for (const [name, method] of Object.entries<Method<unknown, unknown>>(methods)) {
    api[name] = (entries, answer) => send(method, entries, answer, name as keyof Api);
  }
  return api as Api;
}
