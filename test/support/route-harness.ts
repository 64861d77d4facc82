/**
 * A route over a real store (SQLite in memory unless another is given), with one server that only
 * notes what it is told.
 */
import { callOne, immediately } from '../../src/api/batch-call.ts';
import type { OpenResult, PassEntry, SubmitEntry, SubmitResult } from '../../src/api/route-api.ts';
import type {
  EndEntry,
  MarkEntry,
  MembershipEntry,
  PresenceHintEntry,
  PublishedEntry,
  PushEntry,
  PushGroupEntry,
  ServerApi,
  ServerGoneEntry,
  TransientEntry,
} from '../../src/api/server-api.ts';
import { Tokens } from '../../src/auth/tokens.ts';
import { strategies } from '../../src/balance/strategies.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { type ErrorName, errorTable } from '../../src/base/errors.ts';
import { createLogger } from '../../src/base/log.ts';
import { encodeClientMessage } from '../../src/codec/message-body.ts';
import { decodeText, scanMessage } from '../../src/codec/message-scan.ts';
import { runOf, skipOf } from '../../src/codec/run.ts';
import { createLocalRegistry } from '../../src/registry/open-registry.ts';
import type { Authentication } from '../../src/route/accounts/authentication.ts';
import { createRouteCore, type RouteCore, type RouteCoreOptions } from '../../src/route/core.ts';
import type { Account } from '../../src/store/accounts.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { TimelineId } from '../../src/store/timelines.ts';
import { clusterKeysOf } from './cluster-key.ts';
import { anyGuesses } from './guess-rate.ts';
import { processBudget } from './process-budget.ts';
import { serverAddress } from './role-addresses.ts';
import { onTeardown } from './teardown.ts';

export const amy: Account = { userId: 1, name: 'amy' };
export const bob: Account = { userId: 2, name: 'bob' };
const epochHex = '01'.repeat(8);
export const instance = 'server-1';
export const address = '10.0.0.1:9000:8081';

export const testTokens = new Tokens({
  clusterKeys: clusterKeysOf('cluster'),
  lifetimeMs: 60_000,
  now: () => Date.now(),
});

interface HarnessOptions {
  readonly store?: Store;
  readonly clock?: Clock;
  readonly authentication?: Authentication;
  /** None are kept if absent. */
  readonly files?: RouteCoreOptions['files'];
  /** Instances of servers that are alive beside the one that calls are made to. */
  readonly otherServers?: readonly string[];
}

/** Closed at teardown. */
export async function openMemoryStore(): Promise<Store> {
  const store = SqliteStore.open({
    path: ':memory:',
    retention: { messagesMax: 1_000, ageMs: 1e9 },
    log: createLogger('test', 'silent'),
  });
  onTeardown(() => store.close());
  return store;
}

export class RouteHarness {
  readonly store: Store;
  readonly core: RouteCore;
  readonly pushes: PushEntry[] = [];
  readonly groupPushes: PushGroupEntry[] = [];
  readonly memberships: MembershipEntry[] = [];
  readonly presenceHints: PresenceHintEntry[] = [];
  readonly gone: ServerGoneEntry[] = [];
  readonly published: PublishedEntry[] = [];
  /** Those of which the server was told that they have changed. */
  readonly changedGroups: string[] = [];
  readonly transients: TransientEntry[] = [];
  readonly marks: MarkEntry[] = [];
  /** What the server answers to transient messages. */
  transientCode = 0;
  readonly ended: EndEntry[] = [];
  readonly drained: string[] = [];
  drainCode = 0;
  /** Session ids that the server knows. */
  readonly connected = new Set<number>();

  private constructor(store: Store, createCore: (server: ServerApi) => RouteCore) {
    this.store = store;
    this.core = createCore({
      push: immediately((entry) => {
        this.pushes.push(entry);
        return { missing: entry.sessionIds.filter((sessionId) => !this.connected.has(sessionId)) };
      }),
      pushGroup: immediately((entry) => {
        this.groupPushes.push(entry);
        return { foreign: false };
      }),
      transient: immediately((entry) => {
        this.transients.push(entry);
        return { code: this.transientCode };
      }),
      membership: immediately((entry) => {
        this.memberships.push(entry);
        return { code: 0 };
      }),
      presence: immediately((entry) => {
        this.presenceHints.push(entry);
        return { code: 0 };
      }),
      serverGone: immediately((entry) => {
        this.gone.push(entry);
        return { code: 0 };
      }),
      mark: immediately((entry) => {
        this.marks.push(entry);
        return { code: 0 };
      }),
      published: immediately((entry) => {
        this.published.push(entry);
        return { code: 0 };
      }),
      groupChanged: immediately((entry) => {
        this.changedGroups.push(entry.group);
        return { code: 0 };
      }),
      drain: immediately((entry) => {
        this.drained.push(entry.instance);
        return { code: this.drainCode };
      }),
      end: immediately((entry) => {
        this.ended.push(entry);
        return { code: 0 };
      }),
      wake: immediately(() => ({ code: 0 })),
      online: immediately(() => ({ userIds: [], userNames: [] })),
    });
  }

  /** With amy and bob registered. */
  static async start({
    store,
    clock = systemClock,
    authentication = { mode: 'open', tokens: testTokens },
    files,
    otherServers = [],
  }: HarnessOptions = {}): Promise<RouteHarness> {
    const log = createLogger('test', 'silent');
    const registry = (await createLocalRegistry()).join();
    for (const [index, each] of [instance, ...otherServers].entries()) {
      await registry.announceServer({
        instance: each,
        address: serverAddress(`10.0.0.${index + 1}`, 9000, 8081),
        version: '1',
        connections: 0,
      });
    }
    const opened = store ?? (await openMemoryStore());
    const harness = new RouteHarness(opened, (server) =>
      createRouteCore({
        store: opened,
        registry,
        servers: { at: () => server },
        strategy: strategies['round-robin'](),
        authentication,
        guesses: anyGuesses(),
        files,
        clock,
        budget: processBudget(clock),
        log,
      }),
    );
    // Under a clock of the test's nothing goes on by itself; and what was to die never stops.
    if (clock === systemClock) onTeardown(() => harness.core.stop());
    await harness.core.start();
    for (const account of [amy, bob]) await opened.accounts.register(account);
    return harness;
  }

  connect(
    { userId, name }: Account,
    sessionId: number,
    device = `device-${sessionId}`,
    generation = 0,
  ): Promise<OpenResult> {
    this.connected.add(sessionId);
    return callOne(this.core.api.open, {
      userId,
      userName: name,
      generation,
      device,
      connectionNumber: sessionId,
      ephemeral: false,
      instance,
      address,
      sessionId,
    });
  }

  /** Results of one batch, in the order of its entries. */
  submit(...entries: readonly SubmitEntry[]): Promise<SubmitResult[]> {
    return new Promise((resolve) => {
      const results: SubmitResult[] = [];
      let waiting = entries.length;
      this.core.api.submit(entries, (index, result) => {
        results[index] = result;
        waiting -= 1;
        if (waiting === 0) resolve(results);
      });
    });
  }

  /** Codes of one batch of transient messages. */
  pass(...entries: readonly PassEntry[]): number[] {
    const codes: number[] = [];
    this.core.api.transient(entries, (index, { code }) => {
      codes[index] = code;
    });
    return codes;
  }

  /** What the route has counted, but for zeros. */
  counted(): Record<string, number> {
    const moved = this.core.counters.list().filter(({ value }) => value > 0);
    return Object.fromEntries(moved.map(({ name, value }) => [name, value]));
  }

  async timelineOf(user: number | TimelineId): Promise<string[]> {
    const timeline: TimelineId = typeof user === 'number' ? `u:${user}` : user;
    const { messages } = await this.store.timelines.read({ timeline, after: 0, limit: 1_000 });
    return messages.map(({ body }) => textOf(body));
  }
}

const sender = { from: amy.userId, fromName: amy.name, epochHex, instance, sessionId: 1 };

/** A message of amy's, to bob unless somebody else or a group is named; or a run of several. */
export function submission(
  sendSeq: number,
  text: string | readonly string[],
  to: number | string = bob.userId,
): SubmitEntry {
  const receiver = typeof to === 'number' ? { to } : { group: to };
  const texts = typeof text === 'string' ? [text] : text;
  const frames = texts.map((content, index) =>
    encodeClientMessage({ ...receiver, sendSeq: sendSeq + index, text: content }),
  );
  const fields = {
    to: 0,
    group: '',
    ...receiver,
    sendSeq,
    restart: false,
    silent: false,
    keyEpoch: 0,
    refusal: 0,
  };
  return { ...sender, ...fields, ...runOf(frames) };
}

/** One of which the server says that it may never be stored. */
export function refusedSubmission(
  sendSeq: number,
  error: ErrorName,
  to: number | string = bob.userId,
): SubmitEntry {
  const refusal = Number(errorTable[error].code);
  return { ...submission(sendSeq, '', to), ...skipOf(1), refusal };
}

/** One that is not stored. */
export function transientSubmission(text: string, to: number | string = bob.userId): PassEntry {
  const receiver = typeof to === 'number' ? { to } : { group: to };
  const body = encodeClientMessage({ ...receiver, sendSeq: 0, text, transient: true });
  return { ...sender, body };
}

export function textOf(body: Uint8Array): string {
  const { textStart, textEnd } = scanMessage(body);
  return decodeText(body, textStart, textEnd);
}
