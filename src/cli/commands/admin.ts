/** `cim admin`: operations, asked of a route. */
import { exitCodes } from '../../base/exit-codes.ts';
import type { Command } from '../command.ts';
import { commandHelp } from '../help.ts';
import { settingsOf } from '../settings-of.ts';

export const adminCommand: Command = {
  name: 'admin',
  group: 'Look after it',
  summary:
    'lists servers and people, ends sessions, resets secrets, deletes accounts, makes keys and backups',
  positionals: '[action] [...target]',
  actions: [
    ['servers', 'lists the servers'],
    ['online', 'lists who is online'],
    ['kick ID', 'ends the sessions of a user and voids their tokens'],
    ['block ID', 'ends the sessions of a user and keeps them out'],
    ['unblock ID', 'lets them in again'],
    ['reset-secret ID', 'gives an account another secret'],
    ['delete-user ID', 'deletes an account for good, with its messages'],
    ['files', 'how many files there are, their bytes, and who has most'],
    ['key create', 'makes a key for an application'],
    ['key list', 'lists the keys of applications'],
    ['key revoke ID', 'voids a key'],
    ['device create', 'makes a key for a device that publishes and subscribes to topics'],
    ['device list', 'lists the keys of devices'],
    ['device revoke ID', 'voids one'],
    ['operator create NAME', 'makes an account for the dashboard'],
    ['operator list', 'lists these accounts'],
    ['operator role NAME', 'gives one another role'],
    ['operator reset NAME', 'gives one another password'],
    ['operator remove NAME', 'removes one'],
    ['audit', 'what operators have done, newest first'],
    ['drain SERVER', 'empties a server before you stop it'],
    ['new-store-id', 'tells every client that the store was put back'],
    ['backup FILE', 'writes what cim dev has stored to a file'],
    ['restore FILE', 'puts such a file back'],
    ['import-java', 'takes over a Java system'],
    ['counters', 'what that route has done, refused and dropped since its start'],
  ],
  role: 'admin',
  examples: [
    'cim admin servers',
    'cim admin online --route http://10.0.0.1:8083',
    'cim admin kick 2 --zk 10.0.0.1',
    'cim admin block 2',
    'cim admin unblock 2',
    'cim admin reset-secret 2',
    'cim admin delete-user 2',
    'cim admin files',
    'cim admin key create --label shop --scope push',
    'cim admin key list',
    'cim admin key revoke 0123456789abcdef',
    "cim admin device create --name lamp --allow 'pub telemetry/%u/#' --allow 'sub cmd/%u/#'",
    'cim admin device list',
    'cim admin device revoke 0123456789abcdef',
    'cim admin operator create amy --role manage',
    'cim admin operator list',
    'cim admin operator role amy --role view',
    'cim admin operator reset amy',
    'cim admin operator remove amy',
    'cim admin audit',
    'cim admin drain 10.0.0.1:9000',
    'cim admin new-store-id',
    'cim admin backup monday.sqlite',
    'cim admin restore monday.sqlite',
    'cim admin counters',
    'cim admin import-java --from redis://10.0.0.9 --dry-run',
  ],
  async run(call) {
    if (call.positionals.length === 0) {
      call.host.stderr.write(commandHelp(adminCommand));
      return exitCodes.usage;
    }
    const settings = await settingsOf('admin', call);
    const { runAdmin } = await import('../admin/run-admin.ts');
    return runAdmin(settings, call.positionals, call.host.stdout);
  },
};
