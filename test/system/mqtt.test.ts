/** MQTT clients of others on the packaged executable: Mosquitto's tools, and mqtt.js. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { MqttClient } from 'mqtt';
import {
  type Account,
  accountOf,
  mosquitto,
  mqttClient,
  portOf,
  subscribed,
} from '../support/mqtt.ts';
import { Client, type Role, startDevelopment } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';

let dev: Role;
let port: number;
let userIds = 0;

beforeAll(async () => {
  dev = await startDevelopment();
  port = portOf(dev);
});

/** Somebody at a terminal, who does not encrypt: there is nobody to open it. */
async function person(name: string): Promise<Client & { readonly account: Account }> {
  userIds += 1;
  const userId = userIds;
  const client = await Client.ready({
    userId,
    name: `${name}-${userId}`,
    routes: [`http://${dev.addresses['route']}`],
    args: ['--e2ee', 'off'],
  });
  return Object.assign(client, { account: accountOf(userId) });
}

interface Received {
  readonly topic: string;
  readonly text: string;
  readonly user: Record<string, unknown>;
}

function receivedBy(client: MqttClient): Received[] {
  const received: Received[] = [];
  client.on('message', (topic, payload, { properties }) => {
    received.push({ topic, text: payload.toString(), user: { ...properties?.userProperties } });
  });
  return received;
}

describe.each(['mqttv31', 'mqttv311', 'mqttv5'])('mosquitto’s tools, %s', (version) => {
  test('cim/inbox and a terminal answer each other', async () => {
    const amy = await person('amy');
    const thing = await person('thing');
    const sub = await subscribed(port, thing.account, [
      '-V',
      version,
      '-q',
      '1',
      '-t',
      'cim/inbox',
    ]);
    amy.say(`${thing.userId};;switch on`);
    await sub.whenPrinted(/^switch on$/m);
    const pub = ['-V', version, '-q', '1', '-t', `cim/u/${amy.userId}`, '-m', 'it is on'];
    const sent = await mosquitto('pub', port, thing.account, pub);
    expect(await sent.exited).toBe(0);
    const shown = await amy.whenText('it is on');
    expect(shown).toMatchObject({ from: thing.userId, fromName: thing.name });
  });

  test('a wrong password lets nobody in', async () => {
    const amy = await person('amy');
    const wrong = { ...amy.account, password: accountOf(amy.userId + 1_000).password };
    const pub = await mosquitto('pub', port, wrong, ['-V', version, '-t', 'cim/lobby', '-m', 'x']);
    expect(await pub.exited).not.toBe(0);
    expect(pub.output).toMatch(/not authori[sz]ed|bad user name/i);
  });
});

describe.each([4, 5] as const)('mqtt.js, protocol level %i', (protocolVersion) => {
  test.each([1, 2] as const)(
    '[MQTT-4.3.2-2, MQTT-4.3.3-2] QoS %i: what was stored while a client was away comes when it is back, once and in order',
    async (qos) => {
      const amy = await person('amy');
      const thing = await person('thing');
      const options = {
        protocolVersion,
        clientId: `thing-${qos}`,
        clean: false,
        ...(protocolVersion === 5 && { properties: { sessionExpiryInterval: 3_600 } }),
      };
      const first = await mqttClient(port, thing.account, options);
      const before = receivedBy(first);
      await first.subscribeAsync('cim/inbox', { qos });
      amy.say(`${thing.userId};;one`);
      await waitUntil('it comes', () => before.length === 1);
      await first.endAsync();
      amy.say(`${thing.userId};;two`);
      amy.say(`${thing.userId};;three`);
      await amy.whenSent(3);
      const second = await mqttClient(port, thing.account, options);
      const after = receivedBy(second);
      await second.subscribeAsync('cim/inbox', { qos });
      amy.say(`${thing.userId};;four`);
      await waitUntil('the last comes', () => after.some(({ text }) => text === 'four'));
      expect(before.map(({ text }) => text)).toEqual(['one']);
      expect(after.map(({ text }) => text)).toEqual(['two', 'three', 'four']);
    },
  );

  test('publishes to people, to groups and to the lobby, with every QoS', async () => {
    const amy = await person('amy');
    const thing = await person('thing');
    const group = `things-${protocolVersion}`;
    await amy.ask(`:create ${group}`);
    await thing.ask(`:join ${group}`);
    const client = await mqttClient(port, thing.account, { protocolVersion });
    const received = receivedBy(client);
    const other = await mqttClient(port, amy.account, { protocolVersion });
    await client.subscribeAsync([`cim/g/${group}`, 'cim/lobby'], { qos: 1 });
    for (const qos of [0, 1, 2] as const) {
      await client.publishAsync(`cim/u/${amy.userId}`, `private ${qos}`, { qos });
      await amy.whenText(`private ${qos}`);
      await other.publishAsync(`cim/g/${group}`, `group ${qos}`, { qos });
      await other.publishAsync('cim/lobby', `lobby ${qos}`, { qos });
    }
    await waitUntil('all come', () => received.length >= 6);
    const texts = received.map(({ topic, text }) => `${topic} ${text}`).toSorted();
    expect(texts).toEqual(
      ['group', 'lobby']
        .flatMap((where) => [0, 1, 2].map((qos) => `${where} ${qos}`))
        .map((text) => (text.startsWith('group') ? `cim/g/${group} ${text}` : `cim/lobby ${text}`))
        .toSorted(),
    );
  });
});

test.each([4, 5] as const)('[MQTT-6.0.0-4] level %i over WebSocket', async (protocolVersion) => {
  const thing = await person('thing');
  const wsPort = Number(dev.addresses['ws']?.split(':').at(-1));
  const client = await mqttClient(wsPort, thing.account, {
    ...{ protocol: 'ws', path: '/ws', protocolVersion },
  });
  const received = receivedBy(client);
  await client.subscribeAsync('cim/inbox', { qos: 2 });
  await client.publishAsync(`cim/u/${thing.userId}`, 'to myself', { qos: 1 });
  await waitUntil('it comes', () => received.length === 1);
  expect(received[0]?.text).toBe('to myself');
});

describe('MQTT 5', () => {
  test('tells who has sent a message, and when, and under which number', async () => {
    const amy = await person('amy');
    const thing = await person('thing');
    const client = await mqttClient(port, thing.account, { protocolVersion: 5 });
    const received = receivedBy(client);
    await client.subscribeAsync('cim/inbox', { qos: 1 });
    amy.say(`${thing.userId};;hello`);
    await waitUntil('it comes', () => received.length === 1);
    expect(received[0]?.user).toMatchObject({
      'cim-from': String(amy.userId),
      'cim-name': amy.name,
      'cim-id': expect.stringMatching(
        new RegExp(`^${amy.userId}[.][0-9a-f]{16}[.]${thing.userId}[.]1$`),
      ),
      'cim-seq': '1',
      'cim-at': expect.stringMatching(/^\d{13}$/),
    });
  });

  test('says why a message is not stored', async () => {
    const thing = await person('thing');
    const client = await mqttClient(port, thing.account, { protocolVersion: 5 });
    const publish = (topic: string) => client.publishAsync(topic, 'x', { qos: 1 });
    await expect(publish('cim/u/999999')).rejects.toMatchObject({ code: 0x90 });
    await expect(publish('cim/g/not-mine')).rejects.toMatchObject({ code: 0x90 });
    await expect(publish('telemetry/1')).rejects.toMatchObject({ code: 0x87 });
  });
});
