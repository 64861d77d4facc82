/** `cim client` */
import { createLogger } from '../../base/log.ts';
import type { Command } from '../command.ts';
import { settingsOf } from '../settings-of.ts';

export const clientCommand: Command = {
  name: 'client',
  group: 'Use it',
  summary: "a person's terminal, or with --json a script's",
  role: 'client',
  examples: [
    'cim client --user-id 1 --name amy',
    "echo '2;;hello' | cim client --user-id 1 --name amy --json",
  ],
  async run(call) {
    const settings = await settingsOf('client', call);
    const { runClient } = await import('../../client/terminal/main.ts');
    return runClient(settings, createLogger('client', settings.logLevel), call.host);
  },
};
