/** `cim admin`: operations, asked of a route. */
import { CimError } from '../../base/errors.ts';
import type { Command } from '../command.ts';
import { settingsOf } from '../settings-of.ts';

export const adminCommand: Command = {
  name: 'admin',
  group: 'Look after it',
  summary: 'lists servers and people online, and ends sessions, through a route',
  positionals: '<action> [target]',
  role: 'admin',
  examples: ['cim admin servers', 'cim admin online', 'cim admin kick 2'],
  async run(call) {
    await settingsOf('admin', call);
    throw new CimError('usage', `${call.positionals[0]}: is not an action`);
  },
};
