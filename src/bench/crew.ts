/**
 * The workers of a bench: processes of this very cim, each with a part of the connections. Whoever
 * coordinates speaks to all of them as to one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { CimError } from '../base/errors.ts';
import { ownProgram } from '../base/own-program.ts';
import { workerVariable } from './channel.ts';
import type { FromWorker, Order, ToWorker } from './order.ts';
import { Tally } from './tally.ts';

export interface Taken {
  readonly tally: Tally;
  /** Of each worker, since it was last asked. */
  readonly cpuSeconds: readonly number[];
}

type Opening = Omit<Extract<FromWorker, { readonly is: 'opening' }>, 'is'>;

/** How long a worker whose channel is closed may take to end. */
const endMsMax = 2_000;

export class Crew {
  readonly #workers: readonly WorkerProcess[];
  #openCount = 0;
  #registeredCount = 0;

  constructor(count: number) {
    const onProgress = ({ registered, opened }: Opening): void => {
      this.#registeredCount += registered;
      this.#openCount += opened;
    };
    this.#workers = Array.from({ length: count }, () => new WorkerProcess(onProgress));
  }

  get pids(): readonly number[] {
    return this.#workers.map(({ pid }) => pid);
  }

  /** Connections that are open. */
  get openCount(): number {
    return this.#openCount;
  }

  /** Accounts that are registered. */
  get registeredCount(): number {
    return this.#registeredCount;
  }

  /** Resolves to `host:port` of the servers. Rejects with the first CimError of a worker. */
  async open(order: Omit<Order, 'from' | 'to'>): Promise<readonly string[]> {
    const parts = partsOf(order, this.#workers.length);
    const answers = await Promise.all(
      this.#workers.map((worker, index) =>
        worker.ask({ do: 'open', order: { ...order, ...(parts[index] ?? { from: 0, to: 0 }) } }),
      ),
    );
    const servers = answers.flatMap((answer) => (answer.is === 'open' ? answer.servers : []));
    if (order.pattern === 'group') {
      await this.#all({ do: 'create-groups' });
      await this.#all({ do: 'join-groups' });
    }
    return [...new Set(servers)];
  }

  /** The rate is that of all together. */
  async run(perSecond: number | undefined): Promise<void> {
    const part = perSecond === undefined ? {} : { perSecond: perSecond / this.#workers.length };
    await this.#all({ do: 'run', ...part });
  }

  async take(): Promise<Taken> {
    const answers = await this.#all({ do: 'take' });
    const tally = new Tally();
    const cpuSeconds: number[] = [];
    for (const answer of answers) {
      if (answer.is !== 'taken') continue;
      tally.add(answer.tally);
      this.#openCount -= answer.tally.counts.ended;
      cpuSeconds.push(answer.tally.cpuSeconds);
    }
    return { tally, cpuSeconds };
  }

  async finish(): Promise<void> {
    await this.#all({ do: 'finish' });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  #all(message: ToWorker): Promise<FromWorker[]> {
    return Promise.all(this.#workers.map((worker) => worker.ask(message)));
  }
}

class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #onProgress: (opening: Opening) => void;
  #answer: PromiseWithResolvers<FromWorker> | undefined;
  #failure: CimError | undefined;

  constructor(onProgress: (opening: Opening) => void) {
    this.#onProgress = onProgress;
    const { program, args } = ownProgram();
    // A process group of its own: a Ctrl-C is for the one that coordinates, which asks for figures.
    this.#child = spawn(program, [...args, 'bench'], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, [workerVariable]: '1' },
      detached: true,
    });
    this.#exited = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.on('message', (message: FromWorker) => this.#receive(message));
    this.#child.on('error', (cause) => this.#fail(new CimError('unavailable', cause.message)));
    this.#child.on('exit', (code) =>
      this.#fail(new CimError('unavailable', `a process of the load has ended with ${code}`)),
    );
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** One question at a time. */
  ask(message: ToWorker): Promise<FromWorker> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#answer = Promise.withResolvers();
    this.#child.send(message);
    return this.#answer.promise;
  }

  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endMsMax);
    await this.#exited;
    clearTimeout(timer);
  }

  #receive(message: FromWorker): void {
    if (message.is === 'opening') return this.#onProgress(message);
    if (message.is === 'failed') this.#answer?.reject(new CimError(message.kind, message.message));
    else this.#answer?.resolve(message);
    this.#answer = undefined;
  }

  #fail(failure: CimError): void {
    this.#failure ??= failure;
    this.#answer?.reject(this.#failure);
    this.#answer = undefined;
  }
}

/** Parts of about equal size, none of which cuts a pair of clients. */
export function partsOf(
  { connections, devices }: Pick<Order, 'connections' | 'devices'>,
  count: number,
): readonly { readonly from: number; readonly to: number }[] {
  const step = 2 * devices;
  const bound = (part: number) =>
    part === count
      ? connections
      : Math.min(connections, step * Math.round((connections * part) / count / step));
  return Array.from({ length: count }, (_, part) => ({ from: bound(part), to: bound(part + 1) }));
}
