/** `cim route` */
import { createLogger } from '../../base/log.ts';
import type { RouteSettings } from '../../config/settings.ts';
import type { Call, Command } from '../command.ts';
import { runRole } from '../run-role.ts';
import { secretsOf, settingsOf } from '../settings-of.ts';
import { assertPortsFor, nthPort } from '../workers/ports.ts';
import { portOf, runWorkers } from '../workers/run-workers.ts';

export const routeCommand: Command = {
  name: 'route',
  group: 'Run it',
  summary: 'logs in, routes, stores; stateless, as many as wanted',
  role: 'route',
  examples: [
    'cim route --redis redis.example --zk zookeeper.example',
    'cim route --port 8084 --strategy least-connections',
    'cim route --workers 2',
  ],
  run: runRoute,
};

async function runRoute(call: Call): Promise<number> {
  const settings = await settingsOf('route', call);
  if (settings.workers > 1) return runRoutes(settings, call);
  return runRole({
    role: 'route',
    settings,
    host: call.host,
    start: async (settings, log) => {
      const { startRoute } = await import('../../route/main.ts');
      return startRoute(settings, log);
    },
    addresses: ({ http, links, metrics }) => ({
      http,
      ...(links && { links }),
      ...(metrics && { metrics }),
    }),
  });
}

/** All on one port, for callers; and each on one of its own, where servers hold a link to it. */
function runRoutes(settings: RouteSettings, { flags, host }: Call): Promise<number> {
  const { workers: count, port, logLevel } = settings;
  assertPortsFor(count + 1, { port });
  return runWorkers({
    role: 'route',
    count,
    flags,
    host,
    secrets: secretsOf('route', settings),
    log: createLogger('route', logLevel),
    flagsOf: (index, { first, own }) => ({
      port: portOf(own ?? first, 'http') ?? port,
      'link-port': portOf(own, 'links') ?? nthPort(port, index + 1),
    }),
  });
}
