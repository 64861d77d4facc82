/**
 * MQTT on a cluster: two servers and two routes, on real Redis and ZooKeeper, of which a server is killed
 * while messages of QoS 1 and 2 are on their way.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { IClientOptions, MqttClient } from 'mqtt';
import { mqttClient, portOf } from '../support/mqtt.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type Role, startRoute, startServer } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type TestZooKeeper } from '../support/zookeeper.ts';

let redis: TestRedis;
let zookeeper: TestZooKeeper;
let routes: readonly Role[];

beforeAll(async () => {
  [redis, zookeeper] = await Promise.all([startRedis(), startZooKeeper()]);
  const args = ['--auth', 'open'];
  routes = await Promise.all([1, 2].map(() => startRoute(zookeeper.address, redis.address, args)));
});

function server(): Promise<Role> {
  return startServer(zookeeper.address, ['--mqtt-port', '0']);
}

/** An account of the open cluster; its id. */
async function register(userName: string): Promise<number> {
  const answer = await fetch(`http://${routes[0]?.addresses['http']}/registerAccount`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-cim-version': '1' },
    body: JSON.stringify({ userName }),
  });
  const { dataBody } = (await answer.json()) as { dataBody: { userId: number } };
  return dataBody.userId;
}

const persistent = {
  protocolVersion: 5,
  clean: false,
  properties: { sessionExpiryInterval: 3_600 },
} as const satisfies IClientOptions;

/** Goes to the other one when its server has gone. */
function clientOf(servers: readonly Role[], user: string, clientId: string): Promise<MqttClient> {
  const [first] = servers;
  return mqttClient(
    portOf(first as Role),
    { user, password: 'any' },
    {
      ...persistent,
      clientId,
      servers: servers.map((each) => ({
        host: '127.0.0.1',
        port: portOf(each),
        protocol: 'mqtt' as const,
      })),
    },
  );
}

function textsOf(client: MqttClient): string[] {
  const texts: string[] = [];
  client.on('message', (_topic, payload) => texts.push(payload.toString()));
  return texts;
}

const count = 300;
const all = Array.from({ length: count }, (_, index) => `message ${index}`);

describe.each([1, 2] as const)('QoS %i', (qos) => {
  test('[MQTT-4.4.0-1] the server of a subscriber is killed: nothing is lost, and of QoS 2 nothing comes twice', async () => {
    const [dying, staying] = await Promise.all([server(), server()]);
    const name = `reader-${qos}`;
    const userId = await register(name);
    const reader = await clientOf([dying, staying], name, 'reader');
    const texts = textsOf(reader);
    await reader.subscribeAsync('cim/inbox', { qos });
    const writer = await clientOf([staying], `writer-${qos}`, 'writer');
    const sent = all.map((text) => writer.publishAsync(`cim/u/${userId}`, text, { qos }));
    await waitUntil('some have come', () => texts.length >= 20);
    await dying.process.kill();
    await Promise.all(sent);
    await waitUntil('all have come', () => new Set(texts).size === count);
    expect([...new Set(texts)]).toEqual(all);
    if (qos === 2) expect(texts).toEqual(all);
  });

  test('[MQTT-4.4.0-1] the server of a publisher is killed: what was acknowledged is there, and in order', async () => {
    const [dying, staying] = await Promise.all([server(), server()]);
    const name = `listener-${qos}`;
    const userId = await register(name);
    const reader = await clientOf([staying], name, 'reader');
    const texts = textsOf(reader);
    await reader.subscribeAsync('cim/inbox', { qos });
    const writer = await clientOf([dying, staying], `speaker-${qos}`, 'writer');
    const sent = all.map((text) => writer.publishAsync(`cim/u/${userId}`, text, { qos }));
    await waitUntil('some have come', () => texts.length >= 20);
    await dying.process.kill();
    await Promise.all(sent);
    await waitUntil('all have come', () => new Set(texts).size === count);
    expect([...new Set(texts)]).toEqual(all);
  });
});

test('[MQTT-3.1.4-3] a client that connects with the same id on another server takes over', async () => {
  const [one, other] = await Promise.all([server(), server()]);
  const account = { user: 'mover', password: 'any' };
  const options = { ...persistent, clientId: 'the-one', reconnectPeriod: 0 };
  const first = await mqttClient(portOf(one), account, options);
  const { promise: told, resolve } = Promise.withResolvers<number | undefined>();
  first.on('disconnect', ({ reasonCode }) => resolve(reasonCode));
  await mqttClient(portOf(other), account, options);
  expect(await told).toBe(0x8e);
});

test('a server that stops tells its clients, who go on elsewhere', async () => {
  const [stopping, staying] = await Promise.all([server(), server()]);
  const client = await clientOf([stopping, staying], 'guest', 'guest');
  const { promise: told, resolve } = Promise.withResolvers<number | undefined>();
  client.on('disconnect', ({ reasonCode }) => resolve(reasonCode));
  const back = new Promise((connected) => client.once('connect', connected));
  void stopping.process.stop();
  expect(await told).toBe(0x8b);
  await back;
});
