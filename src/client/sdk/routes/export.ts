/**
 * Gives a person all that the cluster has of them, as they may read it: what is sealed is opened here.
 * A page of the history at a time, from the newest back, so that memory is bounded however much there is.
 */
import { limits } from '../../../base/limits.ts';
import { webCrypto } from '../../../base/secrets/web-crypto.ts';
import { fromBase64Url } from '../../../base/text/base64url.ts';
import { toHex } from '../../../codec/message-scan.ts';
import type {
  DelayedMessage,
  DelayedPage,
  GroupMembership,
  HistoryPage,
  HistoryQuery,
  Message,
  User,
} from '../client-events.ts';
import { publishedKeysOf } from '../e2ee/published-keys.ts';
import type { Platform } from '../platform.ts';
import { patiently } from './patience.ts';

/** SHA-256 of public keys, as hex. */
export interface KeyFingerprints {
  /** Null: the account has no key now. */
  readonly current: string | null;
  /** Newest first. */
  readonly earlier: readonly string[];
}

/** In this order, but for `position`, which follows each page of messages. */
export type ExportRecord =
  | (User & {
      readonly record: 'account';
      /** The secret itself is in no export. */
      readonly hasSecret: boolean;
      /** Null: this cluster keeps no keys. */
      readonly keys: KeyFingerprints | null;
    })
  | (GroupMembership & { readonly record: 'group' })
  | (User & { readonly record: 'blocked' })
  | (DelayedMessage & { readonly record: 'delayed' })
  /** From the newest page back; within a page the oldest comes first. */
  | (Message & { readonly record: 'message' })
  /** Another export goes on from here, with this as its `before`. */
  | { readonly record: 'position'; readonly before: string }
  /** The last one: so many messages, and whether older ones are not kept any more. */
  | { readonly record: 'end'; readonly messages: number; readonly expired: boolean };

export interface ExportOptions {
  /** Of a `position`: goes on with the history from there, without what comes before the history. */
  readonly before?: string;
  /** Ends it: what is asked next rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What it asks. */
export interface ExportSources {
  readonly userId: number;
  readonly userName: string;
  readonly platform: Pick<Platform, 'clock' | 'random'>;
  /** What routes answer of the user's own public keys; false: they keep none. */
  keys(): Promise<unknown>;
  /** Itself. */
  readonly client: {
    secret(): Promise<string | undefined>;
    groups(): Promise<readonly GroupMembership[]>;
    blocked(): Promise<readonly User[]>;
    delayed(after: string | undefined): Promise<DelayedPage>;
    history(query: HistoryQuery): Promise<HistoryPage>;
  };
}

/** Rejects with a CimError: what a route refuses for good, or has not answered for some minutes. */
export async function* exportData(
  sources: ExportSources,
  { before, signal }: ExportOptions,
): AsyncGenerator<ExportRecord, void, undefined> {
  const ask = <Answer>(request: () => Promise<Answer>) =>
    patiently(sources.platform, signal, request);
  if (before === undefined) yield* aboutAccount(sources, ask);
  let next = before ?? null;
  let messages = 0;
  let expired = false;
  do {
    const limit = limits.pageMessagesMax;
    const query = next === null ? { limit } : { limit, before: next };
    const page = await ask(() => sources.client.history(query));
    for (const message of page.messages) yield { record: 'message', ...message };
    messages += page.messages.length;
    ({ next, expired } = page);
    if (next !== null) yield { record: 'position', before: next };
  } while (next !== null);
  yield { record: 'end', messages, expired };
}

type Asking = <Answer>(request: () => Promise<Answer>) => Promise<Answer>;

async function* aboutAccount(sources: ExportSources, ask: Asking): AsyncGenerator<ExportRecord> {
  const { userId, userName, client } = sources;
  const hasSecret = (await ask(() => client.secret())) !== undefined;
  const keys = await fingerprintsOf(await ask(() => sources.keys()));
  yield { record: 'account', userId, userName, hasSecret, keys };
  for (const group of await ask(() => client.groups())) yield { record: 'group', ...group };
  for (const user of await ask(() => client.blocked())) yield { record: 'blocked', ...user };
  let after: string | undefined;
  do {
    const page: DelayedPage = await ask(() => client.delayed(after));
    for (const message of page.messages) yield { record: 'delayed', ...message };
    after = page.next ?? undefined;
  } while (after !== undefined);
}

async function fingerprintsOf(answer: unknown): Promise<KeyFingerprints | null> {
  const keys = answer === false ? null : publishedKeysOf(answer);
  if (!keys) return null;
  const fingerprintOf = async (key: string) => {
    const bytes = fromBase64Url(key) ?? new Uint8Array();
    return toHex(new Uint8Array(await webCrypto().digest('SHA-256', bytes)));
  };
  return {
    current: keys.current === null ? null : await fingerprintOf(keys.current),
    earlier: await Promise.all(keys.earlier.map(fingerprintOf)),
  };
}
