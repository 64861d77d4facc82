/** `cim server` */
import type { Command } from '../command.ts';
import { runRole } from '../run-role.ts';
import { settingsOf } from '../settings-of.ts';

export const serverCommand: Command = {
  name: 'server',
  group: 'Run it',
  summary: 'holds connections of clients; as many as it takes, more and fewer at any time',
  role: 'server',
  examples: [
    'cim server --zk zookeeper.example',
    'cim server --port 9001 --http-port 8082 --zk 10.0.0.1,10.0.0.2,10.0.0.3',
  ],
  run: async (call) =>
    runRole({
      role: 'server',
      settings: await settingsOf('server', call),
      host: call.host,
      start: async (settings, log) => {
        const { startServer } = await import('../../server/main.ts');
        return startServer(settings, log);
      },
      addresses: ({ tcp, http }) => ({ tcp, http }),
    }),
};
