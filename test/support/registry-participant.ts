/**
 * A process that announces itself as a server and a route, and does nothing else: to be killed,
 * frozen and restarted. Run by the tests as `node registry-participant.ts <json>`.
 */
import { createLogger } from '../../src/base/log.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import { routeAddress, serverAddress } from './role-addresses.ts';

export interface ParticipantOptions {
  readonly zookeeper: string;
  readonly sessionTimeoutMs: number;
  readonly instance: string;
}

const { zookeeper, sessionTimeoutMs, instance }: ParticipantOptions = JSON.parse(
  process.argv[2] ?? '{}',
);

const registry = await openRegistry({
  zookeeper,
  sessionTimeoutMs,
  follow: ['routes'],
  log: createLogger('participant', 'info'),
});
process.once('SIGTERM', () => {
  void registry.close();
});

await registry.announceServer({
  instance,
  address: serverAddress('10.0.0.1', 9000, 8081),
  version: '1.0.0',
  connections: 0,
});
await registry.announceRoute({
  address: routeAddress('10.0.0.1', 8083),
  instance,
  version: '1.0.0',
});
await registry.whenConnected();
process.stdout.write('announced\n');
