/** `cim admin`: operations, asked of a route. */
import type { Command } from '../command.ts';
import { settingsOf } from '../settings-of.ts';

export const adminCommand: Command = {
  name: 'admin',
  group: 'Look after it',
  summary: 'lists servers and people, ends sessions, resets secrets, makes keys for applications',
  positionals: '<action> [...target]',
  role: 'admin',
  examples: [
    'cim admin servers',
    'cim admin online --route http://10.0.0.1:8083',
    'cim admin kick 2 --zk 10.0.0.1',
    'cim admin reset-secret 2',
    'cim admin key create --label shop --scope push',
    'cim admin key list',
    'cim admin key revoke 0123456789abcdef',
    'cim admin drain 10.0.0.1:9000',
    'cim admin counters',
  ],
  async run(call) {
    const settings = await settingsOf('admin', call);
    const { runAdmin } = await import('../admin/run-admin.ts');
    return runAdmin(settings, call.positionals, call.host.stdout);
  },
};
