/** `cim server` */
import { createLogger } from '../../base/log.ts';
import { webSocketPortOf } from '../../config/listening-ports.ts';
import type { ServerSettings } from '../../config/settings.ts';
import type { Call, Command } from '../command.ts';
import { runRole } from '../run-role.ts';
import { secretsOf, settingsOf } from '../settings-of.ts';
import { assertPortsFor, nthPort } from '../workers/ports.ts';
import { portOf, runWorkers } from '../workers/run-workers.ts';

export const serverCommand: Command = {
  name: 'server',
  group: 'Run it',
  summary: 'holds connections of clients; as many as it takes, more and fewer at any time',
  role: 'server',
  examples: [
    'cim server --zk zookeeper.example',
    'cim server --port 9001 --http-port 8091 --ws-port 8092 --zk 10.0.0.1,10.0.0.2,10.0.0.3',
    'cim server --workers 4 --http-port 8091 --ws-port 8101',
  ],
  run: runServer,
};

async function runServer(call: Call): Promise<number> {
  const settings = await settingsOf('server', call);
  if (settings.workers > 1) return runServers(settings, call);
  return runRole({
    role: 'server',
    settings,
    host: call.host,
    start: async (settings, log) => {
      const { startServer } = await import('../../server/main.ts');
      return startServer(settings, log);
    },
    addresses: ({ addresses }) => addresses,
  });
}

/** On consecutive ports: clients learn theirs at login. */
function runServers(settings: ServerSettings, { flags, host }: Call): Promise<number> {
  const {
    workers: count,
    port,
    httpPort,
    mqttPort,
    advertisePort,
    advertiseHttpPort,
    logLevel,
  } = settings;
  const wsPort = webSocketPortOf(settings);
  assertPortsFor(count, {
    port,
    'http-port': httpPort,
    'ws-port': wsPort,
    ...(mqttPort !== undefined && { 'mqtt-port': mqttPort }),
  });
  return runWorkers({
    role: 'server',
    count,
    flags,
    host,
    secrets: secretsOf('server', settings),
    log: createLogger('server', logLevel),
    flagsOf: (index, { own }) => ({
      port: portOf(own, 'tcp') ?? nthPort(port, index),
      'http-port': portOf(own, 'http') ?? nthPort(httpPort, index),
      'ws-port': portOf(own, 'ws') ?? nthPort(wsPort, index),
      ...(mqttPort !== undefined && {
        'mqtt-port': portOf(own, 'mqtt') ?? nthPort(mqttPort, index),
      }),
      ...(advertisePort !== undefined && { 'advertise-port': advertisePort + index }),
      ...(advertiseHttpPort !== undefined && { 'advertise-http-port': advertiseHttpPort + index }),
    }),
  });
}
