/**
 * The workers of a bench: processes of this very cim, each with a part of the connections. Whoever
 * coordinates speaks to all of them as to one.
 */
import { ownProgram } from '../base/process/own-program.ts';
import { AskedProcess } from '../processes/asked-process.ts';
import {
  type FromWorker,
  type Opening,
  type Order,
  type ToWorker,
  workerVariable,
} from './order.ts';
import { Tally } from './tally.ts';

export interface Taken {
  readonly tally: Tally;
  /** Of each worker, since it was last asked. */
  readonly cpuSeconds: readonly number[];
}

type Worker = AskedProcess<ToWorker, FromWorker, Opening>;

export class Crew {
  readonly #workers: readonly Worker[];
  #openCount = 0;
  #registeredCount = 0;

  constructor(count: number) {
    const onProgress = ({ registered, opened }: Opening): void => {
      this.#registeredCount += registered;
      this.#openCount += opened;
    };
    const { program, args } = ownProgram();
    const worker = {
      name: 'a process of the load',
      command: program,
      args: [...args, 'bench'],
      env: { [workerVariable]: '1' },
      log: process.stderr,
    };
    this.#workers = Array.from({ length: count }, () => new AskedProcess(worker, onProgress));
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
    await Promise.all(this.#workers.map((worker) => worker.dismiss()));
  }

  #all(message: ToWorker): Promise<FromWorker[]> {
    return Promise.all(this.#workers.map((worker) => worker.ask(message)));
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
