/**
 * The people of bench/scale.ts: one process, which registers them, logs them in, connects them and
 * has them write, as the script tells it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CimError } from '../../src/base/errors.ts';
import { requestJson } from '../../src/http/client.ts';
import {
  drawAccount,
  type LoadAccount,
  type LoadLogin,
  RouteCalls,
} from '../../src/load/accounts.ts';
import { keepAlive, someAtATime } from '../../src/load/heartbeats.ts';
import { Turn } from '../../src/load/turn.ts';
import { answerQuestions } from '../../src/processes/asked-process.ts';
import { CimConnection, type Surroundings } from '../load/cim-connection.ts';
import { openingMax } from '../load/driver.ts';
import { Engine, type EngineOptions } from '../load/engine.ts';
import type { CrowdOptions, Ended, FromCrowd, Taken, ToCrowd, Work } from './crowd-order.ts';

const firstUserId = 1_000_000;
const drainMsMax = 5_000;

class Crowd {
  readonly #options: CrowdOptions;
  readonly #calls = new RouteCalls(requestJson);
  readonly #surroundings: Surroundings;
  readonly #accounts: LoadAccount[] = [];
  readonly #admissions: LoadLogin[] = [];
  readonly #connections: CimConnection[] = [];
  #engines: readonly Engine[] = [];
  #failure = '';
  #last = { sent: 0, acknowledgements: 0, read: 0, written: 0, cpu: process.cpuUsage() };

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#surroundings = {
      turn: new Turn(() => {}),
      bytes: options.bytes,
      shownMessages: Number.POSITIVE_INFINITY,
      failed: (reason) => {
        if (this.#failure === '') this.#failure = reason;
      },
    };
    keepAlive(this.#connections);
  }

  async obey(order: ToCrowd): Promise<FromCrowd> {
    const answer = await this.#do(order);
    if (this.#failure !== '') throw new CimError('unavailable', this.#failure);
    return answer;
  }

  async #do(order: ToCrowd): Promise<FromCrowd> {
    if (order.do === 'take') return this.#take();
    if (order.do === 'end') return await this.#end();
    if (order.do === 'begin') this.#begin(order.work, order.acknowledging);
    if (order.do === 'register') await this.#register(order.total);
    if (order.do === 'logIn') await this.#logIn();
    if (order.do === 'connect') await this.#connect();
    if (order.do === 'form') await this.#form(order.groups, order.members);
    return undefined;
  }

  #register(total: number): Promise<void> {
    return someAtATime(openingMax, [this.#accounts.length, total], async (index) => {
      const account = drawAccount(firstUserId + index);
      await this.#calls.register(this.#routeOf(index), account);
      this.#accounts[index] = account;
    });
  }

  #logIn(): Promise<void> {
    return someAtATime(
      openingMax,
      [this.#admissions.length, this.#accounts.length],
      async (index) => {
        const account = at(this.#accounts, index);
        this.#admissions[index] = await this.#calls.logIn(this.#routeOf(index), account);
      },
    );
  }

  #connect(): Promise<void> {
    return someAtATime(
      openingMax,
      [this.#connections.length, this.#admissions.length],
      async (index) => {
        const [account, admission] = [at(this.#accounts, index), at(this.#admissions, index)];
        this.#connections[index] = await CimConnection.open(account, admission, this.#surroundings);
        if (this.#failure !== '') throw new CimError('unavailable', this.#failure);
      },
    );
  }

  async #form(groups: number, members: number): Promise<void> {
    await someAtATime(openingMax, [0, groups], (group) =>
      this.#enter('createGroup', groupName(members, group), group * members),
    );
    await someAtATime(openingMax, [0, groups * members], async (index) => {
      const group = groupName(members, Math.floor(index / members));
      const joined = await this.#enter('joinGroup', group, index);
      await at(this.#connections, index).follow(group, joined);
    });
  }

  #enter(path: 'createGroup' | 'joinGroup', group: string, index: number): Promise<number> {
    const { token } = at(this.#connections, index);
    const entry = { userId: firstUserId + index, group, token };
    return this.#calls.enterGroup(this.#routeOf(index), path, entry);
  }

  #begin(work: Work, acknowledging: boolean): void {
    this.#surroundings.acknowledging = acknowledging;
    for (const connection of this.#connections) connection.sink = undefined;
    if (work.kind === 'groups') {
      const { members, groups } = work;
      this.#engines = Array.from({ length: groups }, (_, group) =>
        this.#engage(work, 'group', group * members, members),
      );
    } else {
      const count = work.kind === 'pairs' ? work.connections : this.#connections.length;
      this.#engines = [this.#engage(work, work.kind, 0, count)];
    }
    this.#last.sent = 0;
    for (const engine of this.#engines) engine.start();
  }

  /** So many connections, from the first one on. */
  #engage(
    { durable, window }: Work,
    pattern: EngineOptions['pattern'],
    first: number,
    count: number,
  ): Engine {
    const engine = new Engine({ connections: count, pattern, durable, window, gapMs: 0 });
    for (let index = 0; index < count; index++) {
      const connection = at(this.#connections, first + index);
      const to =
        pattern === 'group'
          ? groupName(count, Math.floor(first / count))
          : firstUserId + ((first + index) ^ 1);
      engine.connections[index] = {
        send: (messages) => connection.send(to, !durable, messages),
        keepAlive: () => connection.keepAlive(),
      };
      connection.sink = {
        delivered: (messages) => engine.delivered(index, messages),
        acknowledged: (messages) => engine.acknowledged(index, messages),
      };
    }
    return engine;
  }

  #take(): Taken {
    const last = this.#last;
    const { user, system } = process.cpuUsage(last.cpu);
    const now = {
      sent: sumOf(this.#engines, ({ sentCount }) => sentCount),
      acknowledgements: this.#surroundings.acknowledgements ?? 0,
      read: sumOf(this.#connections, ({ traffic }) => traffic.read),
      written: sumOf(this.#connections, ({ traffic }) => traffic.written),
      cpu: process.cpuUsage(),
    };
    this.#last = now;
    // Of many groups all are alike.
    const latencies = this.#engines[0]?.latencies;
    const taken = {
      sent: now.sent - last.sent,
      delivered: sumOf(this.#engines, ({ deliveredCount }) => deliveredCount),
      acknowledgements: now.acknowledgements - last.acknowledgements,
      bytesRead: now.read - last.read,
      bytesWritten: now.written - last.written,
      cpuSeconds: (user + system) / 1e6,
      p50Ms: latencies?.percentile(50) ?? 0,
      p99Ms: latencies?.percentile(99) ?? 0,
    };
    for (const engine of this.#engines) engine.reset();
    return taken;
  }

  async #end(): Promise<Ended> {
    for (const engine of this.#engines) engine.end();
    const missing = () => sumOf(this.#engines, (engine) => engine.missing);
    for (let waitedMs = 0; missing() > 0 && waitedMs < drainMsMax; waitedMs += 20) await delay(20);
    // What was acknowledged last must not be counted with what is sent next.
    await delay(100);
    return { missing: missing() };
  }

  #routeOf(index: number): string {
    const { routes } = this.#options;
    return at(routes, index % routes.length);
  }
}

const crowd = new Crowd(JSON.parse(process.argv[2] ?? '') as CrowdOptions);
await answerQuestions((order: ToCrowd) => crowd.obey(order));
process.exit(0);

function groupName(members: number, group: number): string {
  return `scale-${members}-${group}`;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

function at<T>(items: readonly T[], index: number): T {
  return items[index] as T;
}
