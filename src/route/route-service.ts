/**
 * The route's side of RouteApi: what servers ask on behalf of their connections. Each entry is
 * answered on its own, and never with an exception.
 */
import type { BatchCall } from '../api/batch-call.ts';
import type {
  AcknowledgeEntry,
  CheckEntry,
  CheckResult,
  InterestEntry,
  InterestResult,
  LocateEntry,
  LocateResult,
  OpenEntry,
  OpenResult,
  PassEntry,
  RouteApi,
  SubmitEntry,
} from '../api/route-api.ts';
import type { Clock } from '../base/clock.ts';
import { errorOfCode, errorTable } from '../base/errors.ts';
import { type CloseName, closeCodes } from '../codec/close-codes.ts';
import { lobby } from '../codec/commands.ts';
import { appendOrigin, appendOriginToAll } from '../codec/message-body.ts';
import { scanMessage } from '../codec/message-scan.ts';
import { skipOf } from '../codec/run.ts';
import { routeMethods } from '../link/methods.ts';
import { javaDevice, type SessionOpenResult } from '../store/sessions.ts';
import type { Store } from '../store/store.ts';
import { groupTimeline, userTimeline } from '../store/timelines.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { AuthMode } from './authentication.ts';
import { codeOf, type Delivery, type Submission } from './delivery.ts';
import { createReader } from './reader.ts';
import type { ServerDirectory } from './server-directory.ts';
import type { Transient, Transients } from './transients.ts';

export interface RouteServiceOptions {
  readonly store: Store;
  readonly mode: AuthMode;
  readonly accounts: AccountDirectory;
  readonly delivery: Delivery;
  readonly transients: Transients;
  readonly servers: ServerDirectory;
  /** Whether the registry has this server process. */
  readonly isLive: (instance: string) => boolean;
  readonly clock: Clock;
}

const done = { code: 0 };
const busy = { code: Number(errorTable.busy.code) };

/**
 * A call each of whose entries is served by a promise of its own; one that fails is answered
 * `otherwise`.
 */
function each<Entry, Result>(
  serve: (entry: Entry) => Promise<Result>,
  otherwise: Result,
): BatchCall<Entry, Result> {
  return (entries, answer) => {
    for (let index = 0; index < entries.length; index++) {
      serve(entries[index] as Entry).then(
        (result) => answer(index, result),
        () => answer(index, otherwise),
      );
    }
  };
}

/** A call whose batch is served by one promise; if that fails, every entry is answered `busy`. */
function together<Entry>(
  serve: (entries: readonly Entry[]) => Promise<void>,
): BatchCall<Entry, { code: number }> {
  return (entries, answer) => {
    const answerAll = (result: { code: number }) => {
      for (let index = 0; index < entries.length; index++) answer(index, result);
    };
    serve(entries).then(
      () => answerAll(done),
      () => answerAll(busy),
    );
  };
}

export function createRouteService(options: RouteServiceOptions): RouteApi {
  const { store, delivery, transients, clock } = options;
  return {
    open: each((entry: OpenEntry) => open(options, entry), routeMethods.open.unanswered),
    close: together((entries) =>
      store.sessions.close(
        entries.map((entry) => ({ ...entry, device: entry.device || javaDevice })),
      ),
    ),
    submit: (entries, answer) => {
      const at = clock.now();
      const submissions = entries.map((entry) => submissionOf(entry, at));
      delivery.submit(submissions, (index, outcome) => {
        const { seq, expected, duplicates } = outcome;
        answer(index, { code: codeOf(outcome), seq, expected, duplicates });
      });
    },
    read: createReader(store),
    acknowledge: together((entries) => acknowledge(store, entries)),
    interest: each(
      (entry: InterestEntry) => interest(store, entry),
      routeMethods.interest.unanswered,
    ),
    check: (entries, answer) => check(store, entries, answer),
    locate: (entries, answer) => locate(options, entries, answer),
    transient: (entries, answer) => {
      const at = clock.now();
      for (const [index, entry] of entries.entries()) {
        const isTaken = transients.take(transientOf(entry, at), () => {
          // Nobody waits for what becomes of it.
        });
        answer(index, isTaken ? done : busy);
      }
    },
  };
}

// ---- login ---------------------------------------------------------------------------------------

async function open(options: RouteServiceOptions, entry: OpenEntry): Promise<OpenResult> {
  const { accounts, store, mode } = options;
  // Its server has seen no token: a Java client, or a cim client that did not ask /login.
  if (entry.generation === 0 && mode !== 'open') return closeWith('not-allowed');
  const account = await accounts.find(entry.userId);
  if (account?.name !== entry.userName) return closeWith('not-allowed');
  const device = entry.device || javaDevice;
  // Nobody but a Java peer may use the device of Java peers.
  if (entry.device === javaDevice) return closeWith('not-allowed');
  // What a link leaves out as 0 is no property of its own, so a spread would lose it.
  const session = { ...entry, device, generation: entry.generation };
  let [opened] = await store.sessions.open([session]);
  if (opened?.status === 'too-many-devices' && (await forgetDead(options, entry.userId))) {
    [opened] = await store.sessions.open([session]);
  }
  if (opened?.status === 'opened') {
    endReplaced(options, opened);
    const [[groupHead = 0], groups] = await Promise.all([
      store.timelines.heads([groupTimeline(lobby)]),
      // Java peers know no named groups.
      device === javaDevice ? [] : store.groups.of(entry.userId),
    ]);
    const { connectionNumber, cursor, head } = opened;
    return { code: 0, reason: '', connectionNumber, cursor, head, groupHead, groups };
  }
  return closeWith(refusals[opened?.status ?? 'ended']);
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
  { store, isLive }: RouteServiceOptions,
  userId: number,
): Promise<boolean> {
  const [sessions = []] = await store.sessions.of([userId]);
  const dead = sessions.filter(({ instance }) => !isLive(instance));
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
  { sessions }: Store,
  entries: readonly CheckEntry[],
  answer: (index: number, result: CheckResult) => void,
): void {
  const checks = entries.map((entry) => ({ ...entry, device: entry.device || javaDevice }));
  sessions.check(checks).then(
    (results) => {
      for (const [index, result] of results.entries()) answer(index, { code: 0, ...result });
    },
    () => {
      for (const index of entries.keys()) answer(index, routeMethods.check.unanswered);
    },
  );
}

/** A user nobody knows has no connections, so all of them are wherever it is asked. */
function locate(
  { store, isLive }: RouteServiceOptions,
  entries: readonly LocateEntry[],
  answer: (index: number, result: LocateResult) => void,
): void {
  store.timelines.watchers(entries.map(({ userId }) => userTimeline(userId))).then(
    (watchers) => {
      for (const [index, { instance }] of entries.entries()) {
        const live = (watchers[index] ?? []).filter((watcher) => isLive(watcher.instance));
        const here = live.every((watcher) => watcher.instance === instance);
        const sessionIds = here ? live.map(({ sessionId }) => sessionId) : [];
        answer(index, { code: 0, here, sessionIds });
      }
    },
    () => {
      for (const index of entries.keys()) answer(index, routeMethods.locate.unanswered);
    },
  );
}

async function acknowledge(
  { sessions, groups }: Store,
  entries: readonly AcknowledgeEntry[],
): Promise<void> {
  const own = entries.filter(({ group }) => group === '');
  // Of the lobby no cursor is kept: whoever comes back to it knows their own, or starts at its end.
  const named = entries.filter(({ group }) => group !== '' && group !== lobby);
  await Promise.all([
    own.length === 0 ||
      sessions.acknowledge(own.map((entry) => ({ ...entry, device: entry.device || javaDevice }))),
    named.length === 0 || groups.acknowledge(named),
  ]);
}

async function interest(
  { timelines }: Store,
  { group, instance, address, gone }: InterestEntry,
): Promise<InterestResult> {
  if (gone) {
    await timelines.removeInterest(group, instance);
    return { code: 0, head: 0 };
  }
  return { code: 0, head: await timelines.addInterest(group, { instance, address }) };
}

// ---- messages ------------------------------------------------------------------------------------

function submissionOf(entry: SubmitEntry, at: number): Submission {
  const { from, fromName, epochHex, to, group, sendSeq, restart, refusal, count } = entry;
  const { instance, sessionId } = entry;
  const { bodies } =
    refusal === 0 ? appendOriginToAll(entry, { from, fromName, epochHex, at }) : skipOf(count);
  return {
    from,
    epochHex,
    to,
    group,
    sendSeq,
    restart,
    refusal: refusal === 0 ? null : errorOfCode(refusal),
    count,
    bodies,
    origin: { instance, sessionId },
  };
}

function transientOf(
  { from, fromName, epochHex, instance, sessionId, body }: PassEntry,
  at: number,
): Transient {
  const { to, group, textStart, textEnd, sealedStart, sealedEnd } = scanMessage(body);
  return {
    from,
    to,
    group,
    textBytes: textEnd - textStart,
    sealedBytes: sealedEnd - sealedStart,
    body: appendOrigin(body, { from, fromName, epochHex, at }),
    origin: { instance, sessionId },
  };
}
