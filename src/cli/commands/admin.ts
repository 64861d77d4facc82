/** `cim admin`: operations, asked of a route. */
import type { Command } from '../command.ts';
import { settingsOf } from '../settings-of.ts';

export const adminCommand: Command = {
  name: 'admin',
  group: 'Look after it',
  summary: 'lists servers and people online, ends sessions, empties a server, through a route',
  positionals: '<action> [target]',
  role: 'admin',
  examples: [
    'cim admin servers',
    'cim admin online --route http://10.0.0.1:8083',
    'cim admin kick 2 --zk 10.0.0.1',
    'cim admin drain 10.0.0.1:9000',
    'cim admin counters',
  ],
  async run(call) {
    const settings = await settingsOf('admin', call);
    const { runAdmin } = await import('../admin/run-admin.ts');
    return runAdmin(settings, call.positionals, call.host.stdout);
  },
};
