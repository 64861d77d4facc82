/**
 * What one of several workers of a role (`--workers`) and the process that looks after them say to
 * each other. Whoever asks any worker for figures is told those of all:
 *
 *     worker 2 ──ask 7──▶ process that looks after them ──tell 1, 2, 3──▶ all workers
 *     worker 2 ◀──all 7── ◀──told 1 … 3──────────────────────────────────
 */
import type { MetricFamily } from './counters.ts';

export type WorkerMessage =
  /** A worker was asked, and wants the figures of all. */
  | { readonly say: 'ask'; readonly id: number }
  /** A worker's own. */
  | { readonly say: 'told'; readonly id: number; readonly families: readonly MetricFamily[] };

export type LeaderMessage =
  | { readonly say: 'tell'; readonly id: number }
  | { readonly say: 'all'; readonly id: number; readonly families: readonly MetricFamily[] };

/** After so long a worker tells its own figures alone: a little more than the others are waited for. */
const answerMsMax = 3_000;

/** Set for workers, and for nobody else: others, too, may start cim with a channel. */
export const workerVariable = 'WORKER_OF_CIM';

let channel: Pick<NodeJS.Process, 'send' | 'on'> | undefined;

/** To be called once, by the executable: whether this process is a worker. */
export function lookForChannel(): void {
  if (process.env[workerVariable]) channel = process;
  delete process.env[workerVariable];
}

export function isWorker(): boolean {
  return channel !== undefined;
}

/** The figures of all workers; of this process where there are none. */
export function figuresOfAll(
  own: () => readonly MetricFamily[],
): () => Promise<readonly MetricFamily[]> {
  if (!channel) return async () => own();
  const asked = new Map<number, (families: readonly MetricFamily[]) => void>();
  const say = (message: WorkerMessage) => channel?.send?.(message);
  let last = 0;
  channel.on('message', (message: LeaderMessage) => {
    if (message.say === 'tell') say({ say: 'told', id: message.id, families: own() });
    else asked.get(message.id)?.(message.families);
  });
  return () => {
    const id = ++last;
    const answer = Promise.withResolvers<readonly MetricFamily[]>();
    const timer = setTimeout(() => answer.resolve(own()), answerMsMax);
    asked.set(id, answer.resolve);
    say({ say: 'ask', id });
    return answer.promise.finally(() => {
      clearTimeout(timer);
      asked.delete(id);
    });
  };
}
