/** `cim trace`: where a message is. */
import type { Command } from '../command.ts';
import { settingsOf } from '../settings-of.ts';

export const traceCommand: Command = {
  name: 'trace',
  group: 'Look after it',
  summary: 'says where a message is: stored, pushed, delivered, read, or why not',
  positionals: '[id]',
  role: 'trace',
  examples: [
    'cim trace 2.d3b07384d113edec.7.1',
    'cim trace --to 7',
    'cim trace --group team --json',
  ],
  async run(call) {
    const settings = await settingsOf('trace', call);
    const { runTrace } = await import('../trace/run-trace.ts');
    return runTrace(settings, call.positionals[0], call.host.stdout);
  },
};
