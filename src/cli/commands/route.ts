/** `cim route` */
import type { Command } from '../command.ts';
import { runRole } from '../run-role.ts';
import { settingsOf } from '../settings-of.ts';

export const routeCommand: Command = {
  name: 'route',
  group: 'Run it',
  summary: 'logs in, routes, stores; stateless, as many as wanted',
  role: 'route',
  examples: [
    'cim route --redis redis.example --zk zookeeper.example',
    'cim route --port 8084 --strategy least-connections',
  ],
  run: async (call) =>
    runRole({
      role: 'route',
      settings: await settingsOf('route', call),
      host: call.host,
      start: async (settings, log) => {
        const { startRoute } = await import('../../route/main.ts');
        return startRoute(settings, log);
      },
      addresses: ({ http }) => ({ http }),
    }),
};
