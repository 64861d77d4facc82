/**
 * Tells servers of what was stored. A push is a courtesy: what is lost here is read from the
 * timeline later. But a server that says "not mine", or that cannot be reached and is known
 * to have ended, corrects the record, so that it is not asked for ever.
 */
import type { DoneResult } from '../../api/route-api.ts';
import {
  type MarkEntry,
  type PushEntry,
  type PushGroupEntry,
  type PushGroupResult,
  type PushResult,
  type ServerApi,
  serverMethods,
  type TransientEntry,
} from '../../api/server-api.ts';
import type { Clock } from '../../base/clock.ts';
import { ignore } from '../../base/ignore.ts';
import type { Run } from '../../codec/run.ts';
import { Gather } from '../../link/gather.ts';
import type { Sessions } from '../../store/sessions.ts';
import {
  groupTimeline,
  type Timelines,
  userTimeline,
  type Watcher,
} from '../../store/timelines.ts';
import type { RouteCounters } from '../route-counters.ts';
import type { ServerDirectory } from '../servers/server-directory.ts';
import { GroupsBehind } from './groups-behind.ts';
import type { MovedMarks } from './marks.ts';
import type { PushRecord, Reached } from './push-record.ts';

export interface PusherOptions {
  readonly servers: ServerDirectory;
  readonly sessions: Sessions;
  readonly timelines: Timelines;
  /** Whether this server process is known to have ended. */
  readonly isGone: (instance: string) => boolean;
  readonly counters: RouteCounters;
  readonly record: PushRecord;
  readonly clock: Clock;
}

/** The connection that sent a message, and is told of it by its acknowledgement. */
interface SendingConnection {
  readonly instance: string;
  readonly sessionId: number;
}

interface TransientPush {
  /** Empty: to a user. */
  readonly group: string;
  readonly body: Uint8Array;
  readonly origin?: SendingConnection;
}

/** Whose push it was, to correct the record by. */
interface UserPush {
  readonly userId: number;
  readonly watchers: readonly Watcher[];
  readonly seq: number;
  readonly count: number;
}

interface GroupPush {
  readonly group: string;
  readonly instance: string;
  readonly address: string;
  readonly messages: number;
  readonly seq: number;
}

/** The gathered pushes of one server: one batch per turn of the event loop. */
interface ServerQueue {
  readonly users: Gather<PushEntry, PushResult, UserPush>;
  readonly groups: Gather<PushGroupEntry, PushGroupResult, GroupPush>;
  /** The link drops these where they would be in the way of the others; and transient messages. */
  readonly marks: Gather<MarkEntry, DoneResult, null>;
  readonly transients: Gather<TransientEntry, DoneResult, null>;
}

export class Pusher {
  /** What servers have been sent for groups and not written yet. */
  readonly behind: GroupsBehind;
  readonly #options: PusherOptions;
  /** By the server's API: a queue lives as long as the directory knows the server. */
  readonly #queues = new WeakMap<ServerApi, ServerQueue>();

  constructor(options: PusherOptions) {
    this.#options = options;
    this.behind = new GroupsBehind(options.clock);
  }

  /** To the sessions of one user, but for the one that sent it. An empty run is a hint. */
  pushToUser(
    userId: number,
    watchers: readonly Watcher[],
    seq: number,
    { count, bodies }: Run,
    origin?: SendingConnection,
  ): void {
    for (const { instance, address, sessions } of byServer(withoutSender(watchers, origin))) {
      const sessionIds = sessions.map(({ sessionId }) => sessionId);
      this.#queueOf(address).users.add(
        { sessionIds, instance, seq, count, bodies },
        { userId, watchers: sessions, seq, count },
      );
    }
  }

  /** To the servers that have members of the group. */
  pushToGroup(
    group: string,
    watchers: readonly Watcher[],
    seq: number,
    { count, bodies }: Run,
  ): void {
    const messages = Math.max(count, 1);
    for (const { instance, address } of watchers) {
      const push = { group, instance, seq, count, bodies };
      this.behind.pushed(group, instance, messages);
      this.#queueOf(address).groups.add(push, { group, instance, address, messages, seq });
    }
  }

  /** To the sessions of one user, but for the one that sent it, or to the servers of a group. */
  pushTransient({ group, body, origin }: TransientPush, watchers: readonly Watcher[]): void {
    const { pushed } = this.#options.counters.transient;
    for (const { instance, address, sessions } of byServer(withoutSender(watchers, origin))) {
      const sessionIds = group === '' ? sessions.map(({ sessionId }) => sessionId) : [];
      this.#queueOf(address).transients.add({ sessionIds, group, instance, body }, null);
      pushed.value += 1;
    }
  }

  /** To the sessions of one user. */
  pushMarks({ watchers, ...moved }: MovedMarks): void {
    for (const { instance, address, sessions } of byServer(watchers)) {
      const sessionIds = sessions.map(({ sessionId }) => sessionId);
      this.#queueOf(address).marks.add({ ...moved, sessionIds, instance }, null);
    }
  }

  #queueOf(address: string): ServerQueue {
    const api = this.#options.servers.at(address);
    let queue = this.#queues.get(api);
    if (!queue) {
      queue = {
        users: new Gather(api.push, (push, result) => this.#userPushed(push, result)),
        groups: new Gather(api.pushGroup, (push, result) => this.#groupPushed(push, result)),
        marks: new Gather(api.mark, () => {
          // What is lost is found by the server's checks.
        }),
        transients: new Gather(api.transient, (_context: null, { code }) => {
          if (code !== 0) this.#options.counters.transient.droppedOnTheWay.value += 1;
        }),
      };
      this.#queues.set(api, queue);
    }
    return queue;
  }

  #userPushed(push: UserPush, result: PushResult): void {
    const { userId, watchers } = push;
    const isUnanswered = result === serverMethods.push.unanswered;
    this.#recordUser(push, result);
    if (!isUnanswered && result.missing.length === 0) return;
    const gone = isUnanswered
      ? watchers.filter(({ instance }) => this.#options.isGone(instance))
      : watchers.filter(({ sessionId }) => result.missing.includes(sessionId));
    if (gone.length === 0) return;
    const closes = gone.map(({ device, connectionNumber }) => ({
      userId,
      device,
      connectionNumber,
    }));
    this.#options.sessions.close(closes).catch(ignore('the next push tries it again'));
  }

  #recordUser({ userId, watchers, seq, count }: UserPush, result: PushResult): void {
    const [first] = watchers;
    if (!first) return;
    const { instance, address: server } = first;
    const push = { timeline: userTimeline(userId), seq, count, instance, server };
    this.#options.record.add({ ...push, sessions: watchers.length }, reachedOf(watchers, result));
  }

  #groupPushed(push: GroupPush, result: PushGroupResult): void {
    const { group, instance, address: server, messages, seq } = push;
    const isUnanswered = result === serverMethods.pushGroup.unanswered;
    this.#options.record.add(
      { timeline: groupTimeline(group), seq, count: messages, instance, server, sessions: 0 },
      isUnanswered ? 'unanswered' : result.foreign ? 'none' : 'all',
    );
    this.behind.written(group, instance, messages);
    const gone = isUnanswered ? this.#options.isGone(instance) : result.foreign;
    if (gone)
      this.#options.timelines
        .removeInterest(group, instance)
        .catch(ignore('the next push tries it again'));
  }
}

function reachedOf(watchers: readonly Watcher[], result: PushResult): Reached {
  if (result === serverMethods.push.unanswered) return 'unanswered';
  if (result.missing.length === 0) return 'all';
  return result.missing.length < watchers.length ? 'some' : 'none';
}

function withoutSender(
  watchers: readonly Watcher[],
  origin: SendingConnection | undefined,
): readonly Watcher[] {
  if (!origin) return watchers;
  return watchers.filter(
    ({ instance, sessionId }) => instance !== origin.instance || sessionId !== origin.sessionId,
  );
}

/** Those of each server process; a process has one address. Mostly all are of one. */
function byServer(watchers: readonly Watcher[]): ServerWatchers[] {
  const [first] = watchers;
  if (!first) return [];
  const { instance, address } = first;
  if (watchers.every((watcher) => watcher.instance === instance))
    return [{ instance, address, sessions: watchers }];
  const groups = Map.groupBy(watchers, (watcher) => watcher.instance);
  return [...groups.values()].flatMap((sessions) => byServer(sessions));
}

interface ServerWatchers {
  readonly instance: string;
  readonly address: string;
  readonly sessions: readonly Watcher[];
}
