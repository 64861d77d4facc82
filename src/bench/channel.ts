/** How a worker hears of the one that has started it. */
import { CimError } from '../base/errors.ts';
import type { FromWorker, ToWorker } from './order.ts';

/** Set for a process that is to be a worker. */
export const workerVariable = 'CIM_BENCH_WORKER';

export interface Channel {
  send(message: FromWorker): void;
  /** Calls back for each message, and with undefined when the other side has gone. */
  receive(take: (message: ToWorker | undefined) => void): void;
}

/** Throws `usage` when nobody has started this process to be a worker. */
export function workerChannel(): Channel {
  if (!process.connected)
    throw new CimError('usage', `${workerVariable} is for processes that cim bench starts itself`);
  return {
    send: (message) => {
      if (process.connected) process.send?.(message);
    },
    receive(take) {
      process.on('message', (message: ToWorker) => take(message));
      process.once('disconnect', () => take(undefined));
    },
  };
}
