/** MQTT connections of one gateway, statement by statement of the two OASIS standards. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { errorTable } from '../../../../../src/base/errors.ts';
import { limits } from '../../../../../src/base/limits.ts';
import { closeCodes } from '../../../../../src/codec/close-codes.ts';
import { appendOrigin, encodeClientMessage } from '../../../../../src/codec/message-body.ts';
import { scanMessage } from '../../../../../src/codec/message-scan.ts';
import { bodiesOf } from '../../../../../src/codec/run.ts';
import { waitUntil } from '../../../../support/wait-until.ts';
import { body, emptyPage, GatewayHarness } from '../../support/gateway-harness.ts';
import { MqttPeer } from '../../support/mqtt-peer.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

const will = { topic: 'cim/u/7', payload: Buffer.from('gone'), qos: 1, retain: false } as const;

function submitted(): string[] {
  return harness.submits.entries.flatMap(({ bodies }) =>
    bodiesOf(bodies).map((each) => {
      const { textStart, textEnd } = scanMessage(each);
      return Buffer.from(each.subarray(textStart, textEnd)).toString();
    }),
  );
}

function refuseAll(error: 'unknown-receiver' | 'busy'): void {
  const code = Number(errorTable[error].code);
  harness.submits.answer = () => ({ code, seq: 0, expected: 0, duplicates: 0 });
}

/** Subscribed to its inbox as user 2. */
async function reader(qos: 0 | 1 | 2, options: object = {}): Promise<MqttPeer> {
  const peer = await MqttPeer.in(harness, { user: 2, ...options });
  expect(await peer.subscribe('cim/inbox', qos)).toBe(qos);
  return peer;
}

const texts = (peer: MqttPeer) => peer.of('publish').map(({ payload }) => String(payload));
const cursors = () => harness.acknowledgements.entries.map(({ seq }) => seq);

describe('CONNECT', () => {
  test('[MQTT-3.1.0-1] something else first ends the connection, without an answer', async () => {
    const peer = new MqttPeer(harness, 4);
    peer.send({ cmd: 'pingreq' });
    await peer.whenEnded();
    expect(peer.packets).toEqual([]);
  });

  test('[MQTT-3.1.2-2] a version that is not spoken here is told so', async () => {
    const peer = new MqttPeer(harness, 4);
    peer.stream.write(
      Buffer.from([0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 6, 2, 0, 60, 0, 1, 0x61]),
    );
    await peer.whenEnded();
    expect(peer.packets).toMatchObject([{ cmd: 'connack', returnCode: 1 }]);
  });

  test('[MQTT-3.1.3-8] before MQTT 5 a session that stays needs a client id', async () => {
    const peer = new MqttPeer(harness, 4);
    peer.stream.write(
      Buffer.from([0x10, 15, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0x80, 0, 60, 0, 0, 0, 1, 0x31]),
    );
    await peer.whenEnded();
    expect(peer.packets).toMatchObject([{ cmd: 'connack', returnCode: 2 }]);
  });

  test('[MQTT-3.1.3-7] in MQTT 5 a client without an id is given one', async () => {
    const peer = await MqttPeer.in(harness, { clientId: '' });
    const { properties } = await peer.when('connack');
    const { assignedClientIdentifier: id } = properties as { assignedClientIdentifier: string };
    expect(id).toMatch(/^cim[0-9a-f]{18}$/);
    expect(harness.opens.entries[0]?.device).toBe(`mqtt-${id}`);
  });

  test('[MQTT-3.1.4-5] what a client sends before its CONNACK is done behind it', async () => {
    harness.proofs.hold();
    const peer = new MqttPeer(harness, 5);
    peer.connect();
    peer.publish('cim/u/7', 'early', 1, 1);
    await waitUntil('it is asked who that is', () => harness.proofs.heldCount === 1);
    expect(submitted()).toEqual([]);
    harness.proofs.release();
    await peer.when('puback');
    expect(peer.packets.map(({ cmd }) => cmd)).toEqual(['connack', 'puback']);
  });

  test.each([
    [4, { returnCode: 4 }],
    [5, { reasonCode: 0x86 }],
  ] as const)('level %i: a wrong password is told as one', async (level, told) => {
    const { code, meaning: reason } = closeCodes['not-allowed'];
    harness.proofs.answer = () => ({ code, reason, userId: 0, userName: '', generation: 0, at: 0 });
    const peer = new MqttPeer(harness, level);
    peer.connect();
    await peer.whenEnded();
    expect(peer.packets).toMatchObject([{ cmd: 'connack', ...told }]);
  });

  test('[MQTT-4.12.0-1] another method of authentication is refused', async () => {
    const peer = new MqttPeer(harness, 5);
    peer.connect({ properties: { authenticationMethod: 'SCRAM-SHA-1' } });
    await peer.whenEnded();
    expect(peer.packets).toMatchObject([{ cmd: 'connack', reasonCode: 0x8c }]);
  });

  test('[MQTT-3.1.2-22] silence of one and a half times Keep Alive ends the connection', async () => {
    const peer = await MqttPeer.in(harness, { keepalive: 40 });
    await harness.clock.advance(59_000);
    expect(peer.ended).toBe(false);
    await harness.clock.advance(3_000);
    await peer.whenEnded();
    expect(peer.of('disconnect')).toMatchObject([{ reasonCode: 0x8d }]);
  });

  test('[MQTT-3.1.2-22] a Keep Alive of 0 means none', async () => {
    const peer = await MqttPeer.in(harness, { keepalive: 0 });
    await harness.clock.advance(limits.silenceMsMax + 2 * limits.sweepMs);
    await peer.pinged();
  });
});

describe('what a client publishes', () => {
  test('[MQTT-4.3.2-4] PUBACK comes once the message is stored, and not before', async () => {
    const peer = await MqttPeer.in(harness);
    harness.submits.hold();
    peer.publish('cim/u/7', 'hello', 1, 5);
    await peer.pinged();
    expect(peer.of('puback')).toEqual([]);
    harness.submits.release();
    expect(await peer.when('puback')).toMatchObject({ messageId: 5, reasonCode: 0 });
  });

  test('what no route takes is sent again, in order, and acknowledged once', async () => {
    const peer = await MqttPeer.in(harness);
    refuseAll('busy');
    peer.publish('cim/u/7', 'one', 1, 1);
    peer.publish('cim/u/7', 'two', 1, 2);
    await waitUntil('it is tried', () => submitted().length === 2);
    harness.submits.answer = () => ({ code: 0, seq: 1, expected: 0, duplicates: 0 });
    await harness.clock.advance(limits.mqttRetryMs);
    await peer.when('puback', 2);
    expect(submitted()).toEqual(['one', 'two', 'one', 'two']);
    expect(peer.of('puback').map(({ messageId }) => messageId)).toEqual([1, 2]);
  });

  test('[MQTT-3.4.2-1] MQTT 5 says why a message is never stored', async () => {
    const peer = await MqttPeer.in(harness);
    refuseAll('unknown-receiver');
    peer.publish('cim/u/7', 'hello', 1, 5);
    expect(await peer.when('puback')).toMatchObject({ messageId: 5, reasonCode: 0x90 });
    peer.publish('cim/u/7', 'hello', 2, 6);
    expect(await peer.when('pubrec')).toMatchObject({ messageId: 6, reasonCode: 0x90 });
  });

  test('[MQTT-3.3.5-2] MQTT 3.1.1 has no word for that: the connection ends', async () => {
    const peer = await MqttPeer.in(harness, { protocolVersion: 4 });
    refuseAll('unknown-receiver');
    peer.publish('cim/u/7', 'hello', 1, 5);
    await peer.whenEnded();
    expect(peer.of('puback')).toEqual([]);
  });

  test('[MQTT-4.3.3-10] of QoS 2 a message that comes again before PUBREL is not stored again', async () => {
    const peer = await MqttPeer.in(harness);
    peer.publish('cim/u/7', 'hello', 2, 5);
    await peer.when('pubrec');
    peer.publish('cim/u/7', 'hello', 2, 5, { dup: true });
    await peer.when('pubrec', 2);
    peer.send({ cmd: 'pubrel', messageId: 5 });
    expect(await peer.when('pubcomp')).toMatchObject({ messageId: 5 });
    expect(submitted()).toEqual(['hello']);
    peer.publish('cim/u/7', 'another', 2, 5);
    await peer.when('pubrec', 3);
    expect(submitted()).toEqual(['hello', 'another']);
  });

  test('[MQTT-3.3.2-12] a topic alias stands for the topic that it was given with', async () => {
    const peer = await MqttPeer.in(harness);
    peer.publish('cim/u/7', 'one', 1, 1, { properties: { topicAlias: 3 } });
    peer.publish('', 'two', 1, 2, { properties: { topicAlias: 3 } });
    await peer.when('puback', 2);
    expect(submitted()).toEqual(['one', 'two']);
    expect(new Set(harness.submits.entries.map(({ to }) => to))).toEqual(new Set([7]));
  });

  test('[MQTT-3.3.2-9] an alias above the maximum ends the connection', async () => {
    const peer = await MqttPeer.in(harness);
    peer.publish('cim/u/7', 'one', 1, 1, { properties: { topicAlias: limits.mqttAliasesMax + 1 } });
    await peer.whenEnded();
    expect(peer.of('disconnect')).toMatchObject([{ reasonCode: 0x94 }]);
  });

  test('[MQTT-3.3.2-2] a topic with a wildcard ends the connection', async () => {
    const peer = await MqttPeer.in(harness);
    peer.publish('cim/u/+', 'x', 1, 1);
    await peer.whenEnded();
    expect(peer.of('disconnect')).toMatchObject([{ reasonCode: 0x90 }]);
  });
});

describe('what a client is sent', () => {
  test('[MQTT-3.3.4-9] it has no more unacknowledged than its Receive Maximum', async () => {
    const peer = await reader(1, { properties: { receiveMaximum: 2 } });
    harness.reads.answer = ({ after, limit }) => {
      const seqs = [3, 4].filter((seq) => seq > after).slice(0, limit);
      return { ...emptyPage, seqs, bodies: seqs.map((seq) => body(1, `m${seq}`)), head: 4 };
    };
    await harness.push(2, 1, body(1, 'm1'), body(1, 'm2'));
    await harness.push(2, 3, body(1, 'm3'));
    await peer.pinged();
    expect(texts(peer)).toEqual(['m1', 'm2']);
    for (const { messageId } of peer.of('publish'))
      peer.send({ cmd: 'puback', messageId: Number(messageId) });
    await peer.when('publish', 4);
    expect(texts(peer)).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  test('[MQTT-4.3.2-5] the cursor is before the first that is not acknowledged', async () => {
    const peer = await reader(1);
    await harness.push(2, 1, body(1, 'm1'), body(1, 'm2'), body(1, 'm3'));
    await peer.when('publish', 3);
    const ids = peer.of('publish').map(({ messageId }) => Number(messageId));
    peer.send({ cmd: 'puback', messageId: ids[1] as number });
    await peer.pinged();
    expect(cursors()).toEqual([]);
    peer.send({ cmd: 'puback', messageId: ids[0] as number });
    await waitUntil('the cursor moves', () => cursors().length === 1);
    expect(cursors()).toEqual([2]);
  });

  test('[MQTT-4.3.3-8] of QoS 2 PUBREL comes once the store has the cursor, and the identifier follows from the number', async () => {
    const peer = await reader(2);
    harness.acknowledgements.hold();
    await harness.push(2, 1, body(1, 'm1'));
    await peer.when('publish');
    expect(peer.of('publish')).toMatchObject([{ messageId: 2, qos: 2 }]);
    peer.send({ cmd: 'pubrec', messageId: 2 });
    await waitUntil('the cursor is told', () => harness.acknowledgements.heldCount === 1);
    await peer.pinged();
    expect(peer.of('pubrel')).toEqual([]);
    harness.acknowledgements.release();
    expect(await peer.when('pubrel')).toMatchObject({ messageId: 2 });
  });

  test('[MQTT-3.8.3-3] nothing of its own with No Local, and what the subscription is called', async () => {
    const peer = await MqttPeer.in(harness);
    const identified = { properties: { subscriptionIdentifier: 42 } };
    expect(await peer.subscribe('cim/lobby', 1, identified, { nl: true })).toBe(1);
    peer.publish('cim/lobby', 'my own', 1, 1);
    await peer.when('puback');
    const { epochHex = '' } = harness.submits.entries[0] ?? {};
    const origin = { from: 1, fromName: 'user-1', epochHex, at: 1 };
    const own = encodeClientMessage({ group: 'lobby', sendSeq: 1, text: 'my own' });
    await harness.pushGroup('lobby', 1, appendOrigin(own, origin), body(3, 'of another', 'lobby'));
    const told = await peer.when('publish');
    expect(texts(peer)).toEqual(['of another']);
    expect(told).toMatchObject({ topic: 'cim/lobby', properties: { subscriptionIdentifier: 42 } });
  });

  test('[MQTT-3.1.2-24] what is longer than the client takes is not sent, and counts as acknowledged', async () => {
    const peer = await reader(1, { properties: { maximumPacketSize: 400 } });
    await harness.push(2, 1, body(1, 'x'.repeat(500)), body(1, 'short'));
    await peer.when('publish');
    expect(texts(peer)).toEqual(['short']);
    peer.send({ cmd: 'puback', messageId: Number(peer.of('publish')[0]?.messageId) });
    await waitUntil('the cursor moves', () => cursors().includes(2));
  });

  test.each([
    ['telemetry/#', 0xa2],
    ['cim/g/+', 0xa2],
    ['$share/all/cim/inbox', 0x9e],
    ['telemetry/1', 0x87],
    ['cim/u/7', 0x87],
  ])('[MQTT-3.8.4-5] a subscription to %s is refused in MQTT 5 with %i', async (filter, code) => {
    const peer = await MqttPeer.in(harness);
    expect(await peer.subscribe(filter, 1)).toBe(code);
  });

  test('[MQTT-3.8.4-5] a group that the user is not in is refused', async () => {
    const code = Number(errorTable['not-a-member'].code);
    harness.reads.answer = () => ({ ...emptyPage, code });
    const peer = await MqttPeer.in(harness);
    expect(await peer.subscribe('cim/g/team', 1)).toBe(0x87);
    const older = await MqttPeer.in(harness, { protocolVersion: 4, clientId: 'older' });
    expect(await older.subscribe('cim/g/team', 1)).toBe(0x80);
  });

  test('[MQTT-3.8.4-5] who asks twice for a group before a route has answered hears the same twice', async () => {
    const code = Number(errorTable['not-a-member'].code);
    harness.reads.answer = () => ({ ...emptyPage, code });
    harness.reads.hold();
    const peer = await MqttPeer.in(harness);
    const subscriptions = [{ topic: 'cim/g/team', qos: 1 as const }];
    for (const messageId of [1, 2]) peer.send({ cmd: 'subscribe', messageId, subscriptions });
    await peer.pinged();
    expect(peer.of('suback')).toEqual([]);
    harness.reads.release();
    await peer.when('suback', 2);
    const granted = peer.of('suback').map((suback) => suback['granted']);
    expect(granted).toEqual([[0x87], [0x87]]);
  });

  test('[MQTT-3.8.4-1] a SUBSCRIBE is answered, also if the client unsubscribes meanwhile', async () => {
    harness.reads.hold();
    const peer = await MqttPeer.in(harness);
    const subscriptions = ['cim/g/team', 'cim/inbox'].map((topic) => ({ topic, qos: 1 as const }));
    peer.send({ cmd: 'subscribe', messageId: 1, subscriptions });
    peer.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['cim/g/team'] });
    await peer.when('unsuback');
    expect(peer.of('suback')).toMatchObject([{ messageId: 1, granted: [1, 1] }]);
    harness.reads.release();
    await peer.pinged();
    expect(peer.of('suback')).toHaveLength(1);
  });

  test('groups that were followed make room for others', async () => {
    const peer = await MqttPeer.in(harness);
    const count = limits.subscriptionsPerConnectionMax + 1;
    for (let index = 0; index < count; index += 1) {
      expect(await peer.subscribe(`cim/g/team-${index}`, 1)).toBe(1);
      peer.send({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: [`cim/g/team-${index}`] });
    }
  });

  test('who subscribes anew goes on where the client has got', async () => {
    const peer = await reader(1, { clean: false });
    await harness.push(2, 1, body(1, 'm1'));
    peer.send({ cmd: 'puback', messageId: Number((await peer.when('publish')).messageId) });
    await waitUntil('the cursor moves', () => cursors().includes(1));
    peer.send({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['cim/inbox'] });
    await peer.subscribe('cim/inbox', 1);
    await harness.push(2, 2, body(1, 'm2'));
    await peer.when('publish', 2);
    expect(texts(peer)).toEqual(['m1', 'm2']);
  });

  test('a clean session is shown of a group that its user has joined since what comes from now on', async () => {
    const earlier = { ...emptyPage, seqs: [1], bodies: [body(1, 'before', 'team')], head: 1 };
    harness.reads.answer = () => earlier;
    const peer = await MqttPeer.in(harness, { user: 2 });
    expect(await peer.subscribe('cim/g/team', 1)).toBe(1);
    await harness.pushGroup('team', 2, body(1, 'after', 'team'));
    await peer.when('publish');
    expect(texts(peer)).toEqual(['after']);
  });

  test('[MQTT-3.10.4-2] nothing more comes after UNSUBSCRIBE', async () => {
    const peer = await reader(1);
    peer.send({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['cim/inbox', 'cim/lobby'] });
    expect(await peer.when('unsuback')).toMatchObject({ messageId: 3, granted: [0, 0x11] });
    await harness.push(2, 1, body(1, 'm1'));
    await peer.pinged();
    expect(texts(peer)).toEqual([]);
  });
});

describe('the end', () => {
  test('[MQTT-3.1.2-8] a will is sent when the connection is lost', async () => {
    const peer = await MqttPeer.in(harness, { will });
    peer.stream.end();
    await waitUntil('the will is sent', () => submitted().length === 1);
    expect(submitted()).toEqual(['gone']);
    expect(harness.submits.entries[0]).toMatchObject({ from: 1, to: 7 });
  });

  test('[MQTT-3.14.4-3] and not when the client has said that it goes', async () => {
    const peer = await MqttPeer.in(harness, { will });
    peer.send({ cmd: 'disconnect', reasonCode: 0 });
    peer.stream.end();
    await waitUntil('it has gone', () => harness.closes.entries.length === 1);
    expect(submitted()).toEqual([]);
  });

  test('[MQTT-3.1.2-8] unless it asked for that', async () => {
    const peer = await MqttPeer.in(harness, { will });
    peer.send({ cmd: 'disconnect', reasonCode: 4 });
    peer.stream.end();
    await waitUntil('the will is sent', () => submitted().length === 1);
  });

  test('[MQTT-3.1.3-9] a will that waits is not sent if the client is back in time', async () => {
    const delayed = { ...will, properties: { willDelayInterval: 10 } };
    const properties = { sessionExpiryInterval: 60 };
    const first = await MqttPeer.in(harness, { will: delayed, properties });
    first.stream.end();
    await waitUntil('it has gone', () => harness.closes.entries.length === 1);
    const second = await MqttPeer.in(harness, { will: delayed, properties });
    await harness.clock.advance(11_000);
    expect(submitted()).toEqual([]);
    second.stream.end();
    await waitUntil('it has gone', () => harness.closes.entries.length === 2);
    await harness.clock.advance(11_000);
    await waitUntil('the will is sent', () => submitted().length === 1);
  });

  test('[MQTT-3.14.4-1] a server that is emptied says so, and says no wills', async () => {
    const peer = await MqttPeer.in(harness, { will });
    void harness.gateway.drain();
    await peer.whenEnded();
    expect(peer.of('disconnect')).toMatchObject([{ reasonCode: 0x8b }]);
    await waitUntil('it has gone', () => harness.closes.entries.length === 1);
    expect(submitted()).toEqual([]);
  });
});
