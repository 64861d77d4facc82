/** `cim top`: all roles, as they are. */
import type { Command } from '../command.ts';
import { settingsOf } from '../settings-of.ts';

export const topCommand: Command = {
  name: 'top',
  group: 'Look after it',
  summary: 'shows all roles live: load, latencies, what is the matter, refused, who sends most',
  role: 'top',
  examples: ['cim top', 'cim top --zk 10.0.0.1', 'cim top --once --json'],
  async run(call) {
    const settings = await settingsOf('top', call);
    const { runTop } = await import('../top/run-top.ts');
    return runTop(settings, call.host);
  },
};
