/** Measures a stretch of a run: what the workers count, and what the processes use meanwhile. */
import { availableParallelism, cpus } from 'node:os';
import { readMachineTimes } from '../processes/process-figures.ts';
import type { Crew } from './crew.ts';
import type { Stretch } from './report.ts';
import { cpuSeconds, rssBytes, type SystemProcess } from './system-processes.ts';
import { Tally } from './tally.ts';

export class Meter {
  readonly #crew: Crew;
  readonly #system: readonly SystemProcess[];
  readonly #rssBefore: readonly number[];
  #tally = new Tally();
  #loadSeconds: number[] = [];
  #startedAt = 0;
  #systemCpu: readonly number[] = [];
  #machine = machineTimes();

  /** `rssBefore`: of each process, before it had anything to do. */
  constructor(crew: Crew, system: readonly SystemProcess[], rssBefore: readonly number[]) {
    this.#crew = crew;
    this.#system = system;
    this.#rssBefore = rssBefore;
  }

  /** Forgets what was until now. */
  async warmUp(): Promise<void> {
    await this.#crew.take();
    this.#begin(new Tally());
  }

  /** Forgets what was until now, but for what went wrong since `warmUp`. */
  async start(): Promise<void> {
    await this.fetch();
    const { problems } = this.#tally;
    const tally = new Tally();
    for (const [what, count] of Object.entries(problems)) tally.problem(what, count);
    this.#begin(tally);
  }

  #begin(tally: Tally): void {
    this.#tally = tally;
    this.#loadSeconds = [];
    this.#startedAt = performance.now();
    this.#systemCpu = cpuSeconds(this.#system);
    this.#machine = machineTimes();
  }

  /** Fetches what was counted since it was last fetched. */
  async fetch(): Promise<Tally> {
    const { tally, cpuSeconds: load } = await this.#crew.take();
    this.#tally.add(tally.toMessage(0));
    this.#loadSeconds = load.map((seconds, index) => seconds + (this.#loadSeconds[index] ?? 0));
    return tally;
  }

  /** From the start to now, as far as it was fetched. */
  get stretch(): Stretch {
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    const cpu = cpuSeconds(this.#system);
    const rss = rssBytes(this.#system);
    const machine = machineTimes();
    const passed = machine.all - this.#machine.all;
    return {
      seconds,
      tally: this.#tally,
      system: this.#system.map(({ name }, index) => ({
        name,
        // One that has ended has none.
        cpuSeconds: Math.max(0, (cpu[index] ?? 0) - (this.#systemCpu[index] ?? 0)),
        rssBytes: rss[index] ?? 0,
        grownBytes: (rss[index] ?? 0) - (this.#rssBefore[index] ?? 0),
      })),
      load: this.#loadSeconds.map((each) => each / seconds),
      machineShare: passed === 0 ? 0 : (machine.busy - this.#machine.busy) / passed,
    };
  }
}

/** Processes of a load on this machine, one for each core that others leave free. */
export function defaultProcesses(connections: number): number {
  const each = 2_500;
  return Math.max(
    1,
    Math.min(Math.floor(availableParallelism() / 2), Math.ceil(connections / each)),
  );
}

/** Node.js leaves out soft interrupts, which are the network's, and what other guests of the host take. */
function machineTimes(): { readonly busy: number; readonly all: number } {
  const told = readMachineTimes();
  if (told) return told;
  let idle = 0;
  let all = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { busy: all - idle, all };
}
