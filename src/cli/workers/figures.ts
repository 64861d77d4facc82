/** Asks all workers of a role for their figures, for the one that was asked (src/base/process/worker-channel.ts). */
import { labelled, type MetricFamily, mergeFamilies } from '../../base/process/counters.ts';
import type { LeaderMessage, WorkerMessage } from '../../base/process/worker-channel.ts';

/** A worker, as far as this is concerned. */
export interface AskedWorker {
  /** False: it is not there, and is not waited for. */
  say(message: LeaderMessage): boolean;
}

/** One that does not answer in that time is told as not there. */
const answerMsMax = 2_000;

export class WorkerFigures {
  readonly #workers: readonly AskedWorker[];
  readonly #told = new Map<number, (index: number, families: readonly MetricFamily[]) => void>();
  #last = 0;

  constructor(workers: readonly AskedWorker[]) {
    this.#workers = workers;
  }

  /** What the worker with this index has said. */
  hear(index: number, message: WorkerMessage): void {
    if (message.say === 'told') this.#told.get(message.id)?.(index, message.families);
    else void this.#answer(index, message.id);
  }

  async #answer(index: number, id: number): Promise<void> {
    const families = await this.#gather();
    this.#workers[index]?.say({ say: 'all', id, families });
  }

  async #gather(): Promise<MetricFamily[]> {
    const id = ++this.#last;
    const found = new Map<number, readonly MetricFamily[]>();
    const all = Promise.withResolvers<void>();
    const timer = setTimeout(all.resolve, answerMsMax);
    const waiting = new Set<number>();
    this.#told.set(id, (index, families) => {
      found.set(index, families);
      waiting.delete(index);
      if (waiting.size === 0) all.resolve();
    });
    for (const [index, worker] of this.#workers.entries())
      if (worker.say({ say: 'tell', id })) waiting.add(index);
    if (waiting.size === 0) all.resolve();
    await all.promise;
    clearTimeout(timer);
    this.#told.delete(id);
    return mergeFamilies([this.#up(found), ...[...found].sort().flatMap(ofWorker)]);
  }

  #up(found: ReadonlyMap<number, unknown>): MetricFamily {
    return {
      name: 'cim_worker_up',
      type: 'gauge',
      help: 'whether the worker has told its figures',
      samples: this.#workers.map((_, index) => ({
        labels: { worker: `${index + 1}` },
        value: found.has(index) ? 1 : 0,
      })),
    };
  }
}

function ofWorker([index, families]: [number, readonly MetricFamily[]]): MetricFamily[] {
  return labelled(families, { worker: `${index + 1}` });
}
