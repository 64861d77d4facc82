/**
 * The route's side of RouteApi: what servers ask on behalf of their connections. Each entry is
 * answered on its own, and never with an exception.
 */
import type { BatchCall } from '../api/batch-call.ts';
import {
  type AcknowledgeEntry,
  type CheckEntry,
  type CheckResult,
  type CloseEntry,
  type InterestEntry,
  type InterestResult,
  type LocateEntry,
  type LocateResult,
  type OpenEntry,
  type OpenResult,
  type ProveEntry,
  type RouteApi,
  routeMethods,
} from '../api/route-api.ts';
import type { Clock } from '../base/clock.ts';
import { errorTable } from '../base/errors.ts';
import type { Bugs } from '../base/process/bugs.ts';
import { type CloseName, closeCodes } from '../codec/close-codes.ts';
import { lobby } from '../codec/commands.ts';
import { javaDevice, type SessionOpen, type SessionOpenResult } from '../store/sessions.ts';
import type { Store } from '../store/store.ts';
import { groupTimeline, userTimeline } from '../store/timelines.ts';
import type { AccountDirectory } from './accounts/account-directory.ts';
import type { AuthMode } from './accounts/authentication.ts';
import type { PasswordProofs } from './accounts/password-proofs.ts';
import type { Blocks } from './messages/blocks.ts';
import { codeOf, type Delivery } from './messages/delivery.ts';
import type { Marks } from './messages/marks.ts';
import { submissionOf, transientOf } from './messages/message-entries.ts';
import { createReader } from './messages/reader.ts';
import type { Transients } from './messages/transients.ts';
import { createPresenceAnswers } from './presence/presence-answers.ts';
import type { PresenceHints } from './presence/presence-hints.ts';
import type { ServerDirectory } from './servers/server-directory.ts';
import type { StoreWatch } from './store-watch.ts';
import type { TopicPublisher } from './topics/publisher.ts';
import { createTopicCalls } from './topics/topic-calls.ts';

export interface RouteServiceOptions {
  readonly store: Store;
  readonly storeWatch: Pick<StoreWatch, 'current'>;
  readonly mode: AuthMode;
  readonly accounts: AccountDirectory;
  readonly passwords: PasswordProofs;
  readonly delivery: Delivery;
  readonly blocks: Blocks;
  readonly marks: Marks;
  readonly transients: Transients;
  readonly presenceHints: Pick<PresenceHints, 'changed'>;
  readonly servers: ServerDirectory;
  readonly publisher: TopicPublisher;
  /** Whether this server process is known to have ended. */
  readonly isGone: (instance: string) => boolean;
  readonly clock: Clock;
  readonly bugs: Pick<Bugs, 'caught'>;
}

const done = { code: 0 };
const busy = { code: Number(errorTable.busy.code) };

const internal = { code: Number(errorTable.internal.code) };

/** What is thrown on the spot fails like what fails later. */
async function attempt<Result>(run: () => Promise<Result>): Promise<Result> {
  return run();
}

/** Where a call that fails is told. */
type Failing = Pick<Bugs, 'caught'>;

/**
 * A call each of whose entries is served by a promise of its own; one that fails is answered
 * `otherwise`, and one that met a mistake of ours `mistaken`, for good.
 */
function each<Entry, Result>(
  bugs: Failing,
  serve: (entry: Entry) => Promise<Result>,
  otherwise: Result,
  mistaken: Result,
): BatchCall<Entry, Result> {
  return (entries, answer) => {
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] as Entry;
      attempt(() => serve(entry)).then(
        (result) => answer(index, result),
        (error: unknown) =>
          answer(index, bugs.caught(error, serve.name || 'a call') ? mistaken : otherwise),
      );
    }
  };
}

/**
 * A call whose batch is served by one promise; if that fails, every entry is answered `busy`. After
 * a mistake of ours each is served on its own, so that it is about that entry alone.
 */
function together<Entry>(
  bugs: Failing,
  serve: (entries: readonly Entry[]) => Promise<void>,
): BatchCall<Entry, { code: number }> {
  const serveSome: BatchCall<Entry, { code: number }> = (entries, answer) => {
    const answerAll = (result: { code: number }) => {
      for (let index = 0; index < entries.length; index++) answer(index, result);
    };
    attempt(() => serve(entries)).then(
      () => answerAll(done),
      (error: unknown) => {
        if (!bugs.caught(error, 'serving a batch')) answerAll(busy);
        else if (entries.length === 1) answerAll(internal);
        else
          for (const [index, entry] of entries.entries())
            serveSome([entry], (_, result) => answer(index, result));
      },
    );
  };
  return serveSome;
}

export function createRouteService(options: RouteServiceOptions): RouteApi {
  const { store, passwords, delivery, transients, clock, bugs } = options;
  return {
    open: each(
      bugs,
      (entry: OpenEntry) => open(options, entry),
      routeMethods.open.unanswered,
      closeWith('failed'),
    ),
    close: together(bugs, (entries) => close(options, entries)),
    submit: (entries, answer) => {
      const at = clock.now();
      const submissions = entries.map((entry) => submissionOf(entry, at, bugs));
      delivery.submit(submissions, (index, outcome) => {
        const { error, seq, expected, duplicates, stored, refused } = outcome;
        const result = { code: codeOf(outcome), seq, expected, duplicates };
        // Of what is stored, which is nearly all, a link need not carry them.
        answer(index, error === null ? result : { ...result, stored, refused });
      });
    },
    read: createReader(store, bugs),
    acknowledge: together(bugs, (entries) => acknowledge(options, entries)),
    interest: each(
      bugs,
      (entry: InterestEntry) => interest(store, entry),
      routeMethods.interest.unanswered,
      { ...routeMethods.interest.unanswered, ...internal },
    ),
    check: (entries, answer) => check(options, entries, answer),
    locate: (entries, answer) => locate(options, entries, answer),
    prove: each(
      bugs,
      (entry: ProveEntry) => passwords.prove(entry),
      routeMethods.prove.unanswered,
      { ...routeMethods.prove.unanswered, ...closeWith('failed') },
    ),
    ...createTopicCalls(options),
    presence: createPresenceAnswers({ ...options, presence: store.presence }),
    time: each(
      bugs,
      async () => ({ code: 0, at: await store.sessions.now() }),
      routeMethods.time.unanswered,
      { ...routeMethods.time.unanswered, ...internal },
    ),
    transient: (entries, answer) => {
      const at = clock.now();
      for (const [index, entry] of entries.entries()) {
        const message = transientOf(entry, at);
        const isTaken =
          message !== undefined &&
          transients.take(message, () => {
            // Nobody waits for what becomes of it.
          });
        answer(index, isTaken ? done : busy);
      }
    },
  };
}

// ---- login ---------------------------------------------------------------------------------------

async function open(options: RouteServiceOptions, entry: OpenEntry): Promise<OpenResult> {
  const { accounts, store, storeWatch, mode } = options;
  // Its server has seen no token: a Java client, or a cim client that did not ask /login.
  if (entry.generation === 0 && mode !== 'open') return closeWith('not-allowed');
  // First: of another store nothing is remembered.
  const storeId = await storeWatch.current();
  const account = await accounts.find(entry.userId);
  // It was let in by another store, maybe: whoever logs in anew is registered here.
  if (!account) return closeWith('token-refused');
  if (account.name !== entry.userName) return closeWith('not-allowed');
  const device = entry.device || javaDevice;
  // Nobody but a Java peer may use the device of Java peers.
  if (entry.device === javaDevice) return closeWith('not-allowed');
  // What a link leaves out as 0 is no property of its own, so a spread would lose it.
  const session = { ...entry, device, generation: entry.generation };
  let [opened] = await store.sessions.open([session]);
  if (opened?.status === 'too-many-devices' && (await forgetDead(options, entry.userId))) {
    [opened] = await store.sessions.open([session]);
  }
  if (opened?.status === 'opened') return { ...(await welcome(options, session, opened)), storeId };
  return closeWith(refusals[opened?.status ?? 'ended']);
}

/**
 * What is told of a session that was opened. If it cannot be found out, its number is told all the
 * same, with the failure: its server then reports it as closed, and nobody is online who is not.
 */
async function welcome(
  options: RouteServiceOptions,
  { userId, device }: SessionOpen,
  opened: SessionOpenResult & { status: 'opened' },
): Promise<OpenResult> {
  const { store, bugs } = options;
  const { connectionNumber, cursor, head } = opened;
  options.presenceHints.changed(userId, true);
  endReplaced(options, opened);
  try {
    const [[groupHead = 0], groups, [marksVersion = 0]] = await Promise.all([
      store.timelines.heads([groupTimeline(lobby)]),
      // Java peers know no named groups.
      device === javaDevice ? [] : store.groups.of(userId),
      store.marks.versions([userId]),
    ]);
    const told = { connectionNumber, cursor, head, groupHead, groups, marksVersion };
    return { code: 0, reason: '', ...told, storeId: '' };
  } catch (error) {
    const isMistake = bugs.caught(error, 'welcoming a session');
    return { ...closeWith(isMistake ? 'failed' : 'unavailable'), connectionNumber };
  }
}

const refusals = {
  stale: 'replaced',
  ended: 'forgotten',
  'too-many-devices': 'too-many-devices',
  revoked: 'token-refused',
} as const satisfies Record<Exclude<SessionOpenResult['status'], 'opened'>, CloseName>;

/**
 * Closes the user's sessions on servers that are gone: they hold no place. Whether there were any.
 */
async function forgetDead(
  { store, isGone }: RouteServiceOptions,
  userId: number,
): Promise<boolean> {
  const [sessions = []] = await store.sessions.of([userId]);
  const dead = sessions.filter(({ instance }) => isGone(instance));
  if (dead.length > 0) await store.sessions.close(dead);
  return dead.length > 0;
}

function closeWith(name: CloseName): OpenResult {
  const { code, meaning: reason } = closeCodes[name];
  return { ...routeMethods.open.unanswered, code, reason };
}

function endReplaced(
  { servers }: RouteServiceOptions,
  { replaced }: SessionOpenResult & { status: 'opened' },
): void {
  if (!replaced) return;
  const { code, meaning: reason } = closeCodes.replaced;
  const { sessionId, instance, address } = replaced;
  servers.at(address).end([{ sessionId, instance, code, reason }], () => {
    // Whether or not it could be told: the record names the new connection now.
  });
}

/** What a server asks now and then of each connection, so that nothing lost stays lost. */
function check(
  { store, storeWatch, bugs }: RouteServiceOptions,
  entries: readonly CheckEntry[],
  answer: (index: number, result: CheckResult) => void,
): void {
  const checks = entries.map(sessionOf);
  const versions = store.marks.versions(entries.map(({ userId }) => userId));
  Promise.all([store.sessions.check(checks), storeWatch.current(), versions]).then(
    ([results, storeId, marksVersions]) => {
      for (const [index, { known, head }] of results.entries()) {
        const isSameStore = entries[index]?.storeId === storeId;
        const marksVersion = marksVersions[index] ?? 0;
        answer(index, { code: 0, known: known && isSameStore, head, marksVersion });
      }
    },
    (error: unknown) => {
      bugs.caught(error, 'checking sessions');
      for (const index of entries.keys()) answer(index, routeMethods.check.unanswered);
    },
  );
}

/**
 * A user nobody knows has no connections, so all of them are wherever it is asked. What is for
 * somebody who has blocked others is to come by a route, which knows whom.
 */
function locate(
  options: RouteServiceOptions,
  entries: readonly LocateEntry[],
  answer: (index: number, result: LocateResult) => void,
): void {
  locateAll(options, entries).then(
    (results) => {
      for (const [index, result] of results.entries()) answer(index, result);
    },
    (error: unknown) => {
      options.bugs.caught(error, 'locating users');
      for (const index of entries.keys()) answer(index, routeMethods.locate.unanswered);
    },
  );
}

async function locateAll(
  { store, blocks, isGone }: RouteServiceOptions,
  entries: readonly LocateEntry[],
): Promise<LocateResult[]> {
  const watchers = await store.timelines.watchers(
    entries.map(({ userId }) => userTimeline(userId)),
  );
  return Promise.all(
    entries.map(async ({ userId, instance }, index) => {
      const live = (watchers[index] ?? []).filter((watcher) => !isGone(watcher.instance));
      // To nobody nothing is delivered, whomever they have blocked: of made-up users it is not asked.
      const here =
        live.length === 0 ||
        (live.every((watcher) => watcher.instance === instance) &&
          (await blocks.by(userId)).size === 0);
      return { code: 0, here, sessionIds: here ? live.map(({ sessionId }) => sessionId) : [] };
    }),
  );
}

async function close(
  { store, presenceHints }: RouteServiceOptions,
  entries: readonly CloseEntry[],
): Promise<void> {
  await store.sessions.close(entries.map(closeOf));
  for (const { userId } of entries) presenceHints.changed(userId, false);
}

// What a link leaves out as 0 is no property of its own, so a spread would lose it.

function closeOf({ userId, device, connectionNumber, instance }: CloseEntry) {
  return { userId, device: device || javaDevice, connectionNumber, instance };
}

function sessionOf({ userId, device, connectionNumber, instance, sessionId }: CheckEntry) {
  return { userId, device: device || javaDevice, connectionNumber, instance, sessionId };
}

async function acknowledge(
  { store: { sessions, groups }, marks }: RouteServiceOptions,
  entries: readonly AcknowledgeEntry[],
): Promise<void> {
  const own = entries.filter(({ group }) => group === '');
  // Of the lobby no cursor is kept: whoever comes back to it knows their own, or starts at its end.
  const named = entries.filter(({ group }) => group !== '' && group !== lobby);
  await Promise.all([
    own.length === 0 ||
      sessions.acknowledge(
        own.map(({ userId, device, seq }) => ({ userId, device: device || javaDevice, seq })),
      ),
    named.length === 0 ||
      groups.acknowledge(named.map(({ userId, group, seq }) => ({ userId, group, seq }))),
    marks.take(entries),
  ]);
}

async function interest(
  { timelines, groups }: Store,
  { group, instance, address, gone, version }: InterestEntry,
): Promise<InterestResult> {
  if (gone) {
    await timelines.removeInterest(group, instance);
    return { code: 0, head: 0 };
  }
  const known = await timelines.addInterest(group, { instance, address });
  const found = known && known.version !== version ? await groups.find(group) : null;
  if (known === null) return { code: Number(errorTable['unknown-group'].code), head: 0 };
  if (!found) return { code: 0, head: known.head };
  const { name: _, history: __, sharePercent, ...facts } = found;
  // Not before the group: a removal of this version or of a later one is among them.
  const removed = await groups.removed(group);
  return {
    code: 0,
    head: known.head,
    facts: [{ ...facts, group, sharePercent: sharePercent ?? 0 }],
    removed,
  };
}
