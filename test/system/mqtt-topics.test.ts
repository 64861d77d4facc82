/** The free space of topics on a cluster: two servers and two routes, and Mosquitto's tools at each. */
import { beforeAll, expect, test } from '@jest/globals';
import { mosquitto, portOf, subscribed } from '../support/mqtt.ts';
import { startRedis } from '../support/redis.ts';
import { type Role, startRoute, startServer } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

let ports: readonly [number, number];
let route: Role;
const clusterSecret = 'a secret of a workshop';

beforeAll(async () => {
  const [redis, zookeeper] = await Promise.all([startRedis(), startZooKeeper()]);
  const secret = ['--cluster-secret', clusterSecret];
  const open = () =>
    startRoute(zookeeper.address, redis.address, [
      '--auth',
      'open',
      '--dashboard',
      'off',
      ...secret,
    ]);
  [route] = await Promise.all([open(), open()]);
  const args = ['--mqtt-port', '0', '--topics-open', ...secret];
  const [one, other] = await Promise.all([1, 2].map(() => startServer(zookeeper.address, args)));
  ports = [portOf(one as Role), portOf(other as Role)];
});

const user = (name: string) => ({ user: name, password: 'any' });

/** mosquitto_pub, until it has ended. */
async function publish(port: number, ...args: readonly string[]): Promise<string> {
  const pub = await mosquitto('pub', port, user('sensor'), ['-V', 'mqttv5', ...args]);
  await waitUntil('it has published', () => pub.hasExited);
  return pub.output;
}

test('what is published at one server is heard at the other, by wildcards, with each QoS', async () => {
  const sub = await subscribed(ports[1], user('screen'), [
    ...['-V', 'mqttv5', '-t', 'rooms/+/heat', '-t', 'alarms/#'],
    ...['-F', 'heard %t %p %C'],
  ]);
  for (const qos of ['0', '1', '2']) {
    await publish(ports[0], '-q', qos, '-t', `rooms/${qos}/heat`, '-m', '20');
    await sub.whenPrinted(new RegExp(`^heard rooms/${qos}/heat 20`, 'm'));
  }
  await publish(ports[0], '-q', '1', '-t', 'rooms/1/light', '-m', 'on');
  const json = ['-D', 'publish', 'content-type', 'application/json'];
  await publish(ports[1], '-q', '1', '-t', 'alarms', '-m', '{}', ...json);
  await sub.whenPrinted(/^heard alarms \{\} application\/json$/m);
  expect(sub.stdout).not.toContain('light');
});

test('what is retained comes to whoever subscribes later, at either server, until it is removed', async () => {
  await publish(ports[0], '-q', '1', '-r', '-t', 'state/lamp', '-m', 'on');
  for (const port of ports) {
    const sub = await subscribed(port, user('late'), ['-t', 'state/#', '-F', 'heard %r %t %p']);
    await sub.whenPrinted(/^heard 1 state\/lamp on$/m);
    await sub.stop();
  }
  await publish(ports[1], '-q', '1', '-r', '-t', 'state/lamp', '-n');
  const sub = await subscribed(ports[0], user('later'), ['-t', 'state/#', '-F', 'heard %r %t %p']);
  await publish(ports[1], '-t', 'state/end', '-m', 'now');
  await sub.whenPrinted(/^heard 0 state\/end now$/m);
  expect(sub.stdout).not.toContain('lamp');
});

test('an application publishes, and reads what devices retain', async () => {
  const sub = await subscribed(ports[0], user('valve'), ['-t', 'cmd/valve', '-F', 'heard %p']);
  const post = async (path: string, body: object) => {
    const response = await fetch(`http://${route.addresses['http']}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${clusterSecret}` },
      body: JSON.stringify(body),
    });
    return (await response.json()) as { dataBody: unknown };
  };
  await post('/publish', { topic: 'cmd/valve', text: 'open' });
  await sub.whenPrinted(/^heard open$/m);
  await publish(ports[1], '-q', '1', '-r', '-t', 'reports/valve', '-m', 'opened');
  expect(await post('/retained', { filter: 'reports/#' })).toMatchObject({
    dataBody: { values: [{ topic: 'reports/valve', text: 'opened' }] },
  });
});

test('a will is published when a device is gone', async () => {
  const sub = await subscribed(ports[1], user('watcher'), ['-t', 'gone/+', '-F', 'heard %t %p']);
  const device = await subscribed(ports[0], user('device'), [
    ...['-t', 'x', '--will-topic', 'gone/device', '--will-payload', 'lost', '--will-qos', '1'],
  ]);
  await device.kill();
  await sub.whenPrinted(/^heard gone\/device lost$/m);
});
