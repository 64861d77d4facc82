/** `cim bench`: loaded when asked for, as the roles are. */
import { createLogger } from '../../base/log.ts';
import { workerVariable } from '../../bench/order.ts';
import type { Command } from '../command.ts';
import { settingsOf } from '../settings-of.ts';

export const benchCommand: Command = {
  name: 'bench',
  group: 'Look after it',
  summary: 'puts load on a cluster, and says what it bears and what that takes',
  role: 'bench',
  examples: [
    'cim bench',
    'cim bench --pattern group --clients 1000 --in-flight 1',
    'cim bench --zk 10.0.0.1 --clients 5000 --rate 20000 --seconds 60',
    'cim bench --find-max --p99-ms 50',
  ],
  async run(call) {
    // Started by another one, for a part of its connections.
    if (call.host.env[workerVariable] !== undefined) {
      const { runWorker } = await import('../../bench/worker.ts');
      return runWorker();
    }
    const settings = await settingsOf('bench', call);
    const { runBench } = await import('../../bench/main.ts');
    return runBench(settings, createLogger('bench', settings.logLevel), call.host);
  },
};
