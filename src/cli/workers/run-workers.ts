/**
 * `--workers N`: several processes of one role, and this one, which does nothing but look after
 * them. If a worker ends unasked, another takes its place on the same port, and the people come
 * back by themselves. When this process is told to stop, it stops all of them. If it dies, they
 * stop by themselves.
 */
import { Backoff } from '../../base/backoff.ts';
import { CimError } from '../../base/errors.ts';
import { exitCodes } from '../../base/exit-codes.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { listenForSignals, onHangUp } from '../../base/process/signals.ts';
import type { LeaderMessage, WorkerMessage } from '../../base/process/worker-channel.ts';
import type { FlagValues } from '../../config/sources/flags.ts';
import type { Host } from '../command.ts';
import { notifyVariable, serviceManagerOf } from '../service-manager/service-manager.ts';
import { type AskedWorker, WorkerFigures } from './figures.ts';
import { type ReadyAddresses, WorkerProcess } from './worker-process.ts';

/** Flags that a worker gets instead of those typed, by name. */
export type WorkerFlags = Readonly<Record<string, number>>;

export interface WorkersRun {
  readonly role: 'server' | 'route';
  readonly count: number;
  /** As they were typed. */
  readonly flags: FlagValues;
  /**
   * What is special about a worker. `first`: what the first one has told, when it is not the first;
   * `own`: what it has told itself, when it is to be replaced.
   */
  readonly flagsOf: (
    index: number,
    told: { readonly first?: ReadyAddresses; readonly own?: ReadyAddresses },
  ) => WorkerFlags;
  /** What is given to them as variables, which other users cannot see. */
  readonly secrets: WorkerSecrets;
  readonly host: Host;
  readonly log: Logger;
}

export interface WorkerSecrets {
  /** Variables; undefined: they are not to have it. */
  readonly secrets: Readonly<Record<string, string | undefined>>;
  /** Flags that they do not get. */
  readonly names: readonly string[];
}

/** Resolves to the exit code. */
export async function runWorkers(run: WorkersRun): Promise<number> {
  const { role, count, host } = run;
  const manager = serviceManagerOf(host.env, run.log);
  const signals = listenForSignals(host);
  const hear = (index: number, message: WorkerMessage) => figures.hear(index, message);
  const workers = Array.from({ length: count }, (_, index) => new Worker(run, index, hear));
  const figures = new WorkerFigures(workers);
  const stopReloading = onHangUp(host, () => {
    for (const worker of workers) worker.reload();
  });
  try {
    const addresses = await Promise.race([startAll(workers), signals.first]);
    if (addresses !== 'signal') {
      host.stdout.write(readyLine(role, addresses));
      manager.ready();
      await signals.first;
    }
    manager.stopping();
    return await stopAll(workers, signals.second);
  } catch (error) {
    await stopAll(workers, signals.second);
    throw error;
  } finally {
    stopReloading();
    signals.close();
  }
}

/** The first before the others: they go by what it has told. */
async function startAll(workers: readonly Worker[]): Promise<ReadyAddresses[]> {
  const [first, ...others] = workers as [Worker, ...Worker[]];
  const told = await first.start();
  return [told, ...(await Promise.all(others.map((worker) => worker.start(told))))];
}

function tellAll(workers: readonly Worker[], signal: NodeJS.Signals): void {
  for (const worker of workers) worker.tell(signal);
}

async function stopAll(
  workers: readonly Worker[],
  secondSignal: Promise<'signal'>,
): Promise<number> {
  const deadline = Promise.withResolvers<'deadline'>();
  const timer = setTimeout(() => deadline.resolve('deadline'), limits.workersStopMsMax);
  const stopped = Promise.all(workers.map((worker) => worker.stop()));
  const outcome = await Promise.race([stopped, secondSignal, deadline.promise]);
  clearTimeout(timer);
  if (Array.isArray(outcome)) return Math.max(exitCodes.ok, ...outcome);
  tellAll(workers, 'SIGKILL');
  await stopped;
  return exitCodes.failure;
}

/** A worker and those that came after it, of which one is there at a time. */
class Worker implements AskedWorker {
  readonly #run: WorkersRun;
  readonly #index: number;
  readonly #hear: (message: WorkerMessage) => void;
  readonly #backoff = new Backoff({ baseMs: 200, capMs: 10_000 });
  #process: WorkerProcess | undefined;
  #first: ReadyAddresses | undefined;
  #own: ReadyAddresses | undefined;
  #isStopping = false;
  #isReady = false;
  #restart: NodeJS.Timeout | undefined;

  constructor(
    run: WorkersRun,
    index: number,
    hear: (index: number, message: WorkerMessage) => void,
  ) {
    this.#run = run;
    this.#index = index;
    this.#hear = (message) => hear(index, message);
  }

  say(message: LeaderMessage): boolean {
    return this.#isReady && this.#process?.say(message) === true;
  }

  /** Rejects if it does not come up: what is wrong, it has said itself. */
  async start(first?: ReadyAddresses): Promise<ReadyAddresses> {
    this.#first = first;
    // Told to stop while those before it were starting.
    if (this.#isStopping) throw new CimError('unavailable', 'all are to stop');
    const started = this.#spawn();
    const told = await started.ready;
    if (told) {
      this.#isUp(started, told);
      return told;
    }
    this.#process = undefined;
    const { code } = await started.ended;
    const kind = code === exitCodes.badConfig ? 'bad-config' : 'unavailable';
    throw new CimError(kind, `worker ${this.#index + 1} did not come up`);
  }

  /** Resolves to its exit code. */
  async stop(): Promise<number> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    if (!this.#process) return exitCodes.ok;
    this.#process.kill('SIGTERM');
    const { code, signal } = await this.#process.ended;
    // One that is just being started has no other way yet to do what it is told.
    return signal === 'SIGTERM' ? exitCodes.ok : (code ?? exitCodes.failure);
  }

  tell(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** One that is starting reads all of it anyway, and does not listen to SIGHUP yet. */
  reload(): void {
    if (this.#isReady) this.#process?.kill('SIGHUP');
  }

  #spawn(): WorkerProcess {
    const { role, flags, flagsOf } = this.#run;
    const told = {
      ...(this.#first && { first: this.#first }),
      ...(this.#own && { own: this.#own }),
    };
    const special = { ...flagsOf(this.#index, told), workers: 1 };
    const { secrets, names } = this.#run.secrets;
    const typed = Object.entries(flags).filter(([name]) => !names.includes(name));
    const args = argumentsOf(Object.fromEntries(typed), special);
    const env = { ...secrets, [notifyVariable]: undefined };
    const started = new WorkerProcess([role, ...args], env, this.#hear);
    this.#process = started;
    return started;
  }

  #isUp(started: WorkerProcess, told: ReadyAddresses): void {
    this.#own = told;
    this.#isReady = true;
    this.#backoff.reset();
    void started.ended.then((end) => this.#ended(end));
  }

  #ended({ code, signal }: { code: number | null; signal: string | null }): void {
    if (this.#isStopping) return;
    const { log } = this.#run;
    log.warn({ worker: this.#index + 1, code, signal }, 'a worker has ended, and is replaced');
    this.#replaceSoon();
  }

  #replaceSoon(): void {
    this.#process = undefined;
    this.#isReady = false;
    this.#restart = setTimeout(() => void this.#replace(), this.#backoff.next());
  }

  async #replace(): Promise<void> {
    const started = this.#spawn();
    const told = await started.ready;
    if (told) this.#isUp(started, told);
    else if (!this.#isStopping) this.#replaceSoon();
  }
}

/** The flags as typed, but for those that are special. */
function argumentsOf(flags: FlagValues, special: WorkerFlags): string[] {
  const typed = Object.entries(flags)
    .filter(([name]) => !Object.hasOwn(special, name))
    .flatMap(([name, values]) => values.map((value) => argument(name, value)));
  return [...typed, ...Object.entries(special).map(([name, value]) => `--${name}=${value}`)];
}

function argument(name: string, value: string | boolean): string {
  if (value === true) return `--${name}`;
  return value === false ? `--no-${name}` : `--${name}=${value}`;
}

/** Each address once: routes share one. */
function readyLine(role: string, all: readonly ReadyAddresses[]): string {
  const names = [...(all[0] ?? new Map()).keys()];
  const words = names.map((name) => {
    const addresses = new Set(all.map((addressesOfOne) => addressesOfOne.get(name)));
    return `${name}=${[...addresses].join(',')}`;
  });
  return `cim ${role} ready ${words.join(' ')}\n`;
}

/** The port of an address in a ready line. */
export function portOf(addresses: ReadyAddresses | undefined, name: string): number | undefined {
  const address = addresses?.get(name);
  return address === undefined ? undefined : Number(address.slice(address.lastIndexOf(':') + 1));
}
