/** `cim dev` */
import type { Command } from '../command.ts';
import { runRole } from '../run-role.ts';
import { settingsOf } from '../settings-of.ts';

export const devCommand: Command = {
  name: 'dev',
  group: 'Run it',
  summary: 'everything in one process, nothing else installed',
  role: 'dev',
  examples: ['cim dev', 'cim dev --data :memory: --port 0 --http-port 0 --route-port 0'],
  run: async (call) =>
    runRole({
      role: 'dev',
      settings: await settingsOf('dev', call),
      host: call.host,
      start: async (settings, log) => {
        const { startDev } = await import('../../dev/main.ts');
        return startDev(settings, log);
      },
      addresses: ({ addresses }) => addresses,
    }),
};
