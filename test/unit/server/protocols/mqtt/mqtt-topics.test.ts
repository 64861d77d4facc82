/** Topics of the free space, as MQTT clients of one gateway publish and subscribe to them. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../../../src/api/batch-call.ts';
import { type PublishEntry, retaining } from '../../../../../src/api/route-api.ts';
import { errorTable } from '../../../../../src/base/errors.ts';
import { limits } from '../../../../../src/base/limits.ts';
import { decodePublication, encodePublication } from '../../../../../src/codec/publication.ts';
import { waitUntil } from '../../../../support/wait-until.ts';
import { GatewayHarness } from '../../support/gateway-harness.ts';
import { MqttPeer } from '../../support/mqtt-peer.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness({ topicsOpen: true });
});

const kept = { code: 0, number: 1 };
const bodyOf = (text: string, rest: object = {}) =>
  encodePublication({
    ...{ payload: Buffer.from(text), contentType: '', isText: false, responseTopic: '' },
    ...{ correlation: new Uint8Array(), properties: [], at: 0, ...rest },
  });

/** A route has handed it to this server. */
function published(topic: string, text: string, rest: object = {}): Promise<unknown> {
  const content = { body: bodyOf(text), number: 0, retain: retaining.not };
  const publisher = { owner: 'u:9', clientId: 'other' };
  const entry = { instance: 'me', topic, ...publisher, ...content, ...rest };
  return callOne(harness.gateway.api.published, entry);
}

const heard = (peer: MqttPeer) =>
  peer.of('publish').map(({ topic, payload, retain }) => [topic, String(payload), retain]);

describe('without --topics-open', () => {
  beforeEach(() => {
    harness = new GatewayHarness();
  });

  test('nobody publishes or subscribes there', async () => {
    const peer = await MqttPeer.in(harness);
    const { properties } = await peer.when('connack');
    expect(properties).toMatchObject({
      ...{ retainAvailable: false, wildcardSubscriptionAvailable: false },
    });
    expect(await peer.subscribe('telemetry/a', 1)).toBe(0x87);
    expect(await peer.subscribe('telemetry/#', 1)).toBe(0xa2);
    peer.publish('telemetry/a', '1', 1, 7);
    expect(await peer.when('puback')).toMatchObject({ messageId: 7, reasonCode: 0x87 });
    peer.publish('telemetry/a', '1');
    await peer.pinged();
    expect(harness.publications.entries).toEqual([]);
  });

  test('nor leaves a will there', async () => {
    const peer = new MqttPeer(harness, 5);
    const will = { topic: 'a/b', payload: Buffer.from('x'), qos: 1, retain: false } as const;
    peer.connect({ will });
    expect(await peer.when('connack')).toMatchObject({ reasonCode: 0x87 });
  });
});

describe('publishing', () => {
  test('hands it to a route with what it says of itself, and is acknowledged behind that', async () => {
    const peer = await MqttPeer.in(harness);
    harness.publications.hold();
    const properties = {
      ...{ messageExpiryInterval: 60, contentType: 'text/csv', responseTopic: 'r/1' },
      userProperties: { unit: ['C', 'F'] },
    };
    peer.publish('rooms/1/heat', '20', 1, 7, { retain: true, properties });
    await peer.pinged();
    expect(peer.of('puback')).toEqual([]);
    harness.publications.release();
    await peer.when('puback');
    const { body, ...entry } = harness.publications.entries[0] as PublishEntry;
    expect(entry).toEqual({
      ...{ topic: 'rooms/1/heat', owner: 'u:1', clientId: 'thing' },
      ...{ retain: retaining.keep, lifeMs: 60_000 },
    });
    expect(decodePublication(body)).toMatchObject({
      ...{ payload: Buffer.from('20'), contentType: 'text/csv', responseTopic: 'r/1' },
      properties: [
        { name: 'unit', value: 'C' },
        { name: 'unit', value: 'F' },
      ],
    });
  });

  test('[MQTT-3.3.1-10] to retain nothing is to remove what was', async () => {
    const peer = await MqttPeer.in(harness, { protocolVersion: 4 });
    peer.publish('a', '', 1, 1, { retain: true });
    await peer.when('puback');
    expect(harness.publications.entries[0]).toMatchObject({ retain: retaining.remove });
  });

  test('QoS 2 is handed on once, however often it comes before its PUBREL', async () => {
    const peer = await MqttPeer.in(harness);
    for (const times of [1, 2]) {
      peer.publish('a', 'x', 2, 5);
      await peer.when('pubrec', times);
    }
    peer.send({ cmd: 'pubrel', messageId: 5 });
    await peer.when('pubcomp');
    expect(harness.publications.entries).toHaveLength(1);
  });

  test('what no route takes is sent again, in its order; QoS 0 is not', async () => {
    const peer = await MqttPeer.in(harness);
    const busy = { code: Number(errorTable.busy.code), number: 0 };
    harness.publications.answer = () => busy;
    peer.publish('a', 'at most once');
    for (const packetId of [1, 2]) peer.publish('a', String(packetId), 1, packetId);
    await waitUntil('all were refused', () => harness.publications.answered === 3);
    harness.publications.answer = () => ({ code: 0, number: 0 });
    harness.publications.entries.length = 0;
    await harness.clock.advance(limits.mqttRetryMs);
    await peer.when('puback', 2);
    const texts = harness.publications.entries.map(({ body }) =>
      String(Buffer.from(decodePublication(body)?.payload ?? '')),
    );
    expect(texts).toEqual(['1', '2']);
    expect(peer.of('puback').map(({ messageId }) => messageId)).toEqual([1, 2]);
  });

  test('what is to be retained waits for what came before it on its topic: the newest stays', async () => {
    const peer = await MqttPeer.in(harness);
    const busy = { code: Number(errorTable.busy.code), number: 0 };
    harness.publications.answer = (_entry, answered) => (answered === 0 ? busy : kept);
    for (const packetId of [1, 2])
      peer.publish('a', String(packetId), 1, packetId, { retain: true });
    await waitUntil('the first was refused', () => harness.publications.answered === 1);
    await harness.clock.advance(limits.mqttRetryMs);
    await peer.when('puback', 2);
    const texts = harness.publications.entries.map(({ body }) =>
      String(Buffer.from(decodePublication(body)?.payload ?? '')),
    );
    expect(texts).toEqual(['1', '1', '2']);
  });

  test('a will is not said by who may not say anything any more', async () => {
    const will = { topic: 'state/1', payload: Buffer.from('gone'), qos: 1, retain: false } as const;
    const peer = await MqttPeer.in(harness, { will });
    harness.gateway.session(harness.sessionOf(1))?.close('secret-changed');
    await peer.whenEnded();
    await peer.stream.destroy();
    await harness.clock.advance(1_000);
    expect(harness.publications.entries).toEqual([]);
  });

  test('what is refused is said, and what is too long', async () => {
    const peer = await MqttPeer.in(harness);
    const code = Number(errorTable['too-many'].code);
    harness.publications.answer = () => ({ code, number: 0 });
    peer.publish('a', 'x', 1, 1, { retain: true });
    peer.publish('a', 'x'.repeat(limits.publicationBytesMax), 1, 2);
    peer.publish('cim/inbox', 'x', 1, 3);
    await peer.when('puback', 3);
    const codes = Object.fromEntries(
      peer.of('puback').map(({ messageId, reasonCode }) => [messageId, reasonCode]),
    );
    expect(codes).toEqual({ 1: 0x97, 2: 0x83, 3: 0x87 });
  });

  test('a will is published when its client goes without a word', async () => {
    const will = { topic: 'state/1', payload: Buffer.from('gone'), qos: 1, retain: true } as const;
    const peer = await MqttPeer.in(harness, { will });
    peer.stream.end();
    await waitUntil('it is said', () => harness.publications.answered > 0);
    expect(harness.publications.entries).toMatchObject([
      { topic: 'state/1', owner: 'u:1', retain: retaining.keep },
    ]);
  });
});

describe('subscribing', () => {
  test('wildcards, until the client unsubscribes; nothing of people or of the server', async () => {
    const peer = await MqttPeer.in(harness);
    expect(await peer.subscribe('rooms/+/heat', 1)).toBe(0);
    expect(await peer.subscribe('cim/#', 0)).toBe(0xa2);
    expect(await peer.subscribe('$SYS/#', 0)).toBe(0x87);
    await published('rooms/1/heat', '20');
    await published('rooms/1/light', 'on');
    await published('cim/u/1', 'no');
    await peer.when('publish');
    peer.send({ cmd: 'unsubscribe', messageId: 8, unsubscriptions: ['rooms/+/heat'] });
    expect(await peer.when('unsuback')).toMatchObject({ granted: [0] });
    await published('rooms/2/heat', '21');
    await peer.pinged();
    expect(heard(peer)).toEqual([['rooms/1/heat', '20', false]]);
    expect(harness.gateway.topics.size).toBe(0);
  });

  test('[MQTT-3.8.3-3] No Local, Retain As Published and the identifier', async () => {
    const peer = await MqttPeer.in(harness);
    const options = { nl: true, rap: true };
    await peer.subscribe('a', 0, { properties: { subscriptionIdentifier: 3 } }, options);
    await published('a', 'own', { owner: 'u:1', clientId: 'thing' });
    await published('a', 'new', { number: 5, retain: retaining.keep });
    const { properties } = await peer.when('publish');
    expect(properties).toMatchObject({ subscriptionIdentifier: 3 });
    expect(heard(peer)).toEqual([['a', 'new', true]]);
  });

  test('what is retained comes first, in pages, and nothing older behind what is newer', async () => {
    const peer = await MqttPeer.in(harness);
    harness.retained.answer = ({ after }) =>
      after === ''
        ? { ...retainedOf(['a/1', 4], ['a/2', 5]), next: 'more' }
        : retainedOf(['a/3', 6]);
    harness.retained.hold();
    expect(await peer.subscribe('a/+', 0)).toBe(0);
    await published('a/2', 'newer', { number: 9, retain: retaining.keep });
    harness.retained.release();
    await peer.when('publish', 3);
    expect(heard(peer)).toEqual([
      ['a/2', 'newer', false],
      ['a/1', 'number 4', true],
      ['a/3', 'number 6', true],
    ]);
  });

  test('[MQTT-3.3.1-10] Retain Handling: to a new subscription only, or never', async () => {
    const peer = await MqttPeer.in(harness);
    for (const rh of [1, 1, 2]) await peer.subscribe('a', 0, {}, { rh });
    await peer.pinged();
    expect(harness.retained.entries).toHaveLength(1);
  });

  test('however often it subscribes anew, a page is under way, and one waits for each filter', async () => {
    const peer = await MqttPeer.in(harness);
    harness.retained.hold();
    for (let times = 0; times < 20; times += 1) await peer.subscribe('a/+', 0);
    harness.retained.release();
    await waitUntil('both were read', () => harness.retained.answered === 2);
    await peer.pinged();
    expect(harness.retained.entries).toHaveLength(2);
  });

  test('a page that is not the last costs what was looked at, and no filter gets more than its user may read', async () => {
    const limited = { limitLoopback: true, readBytesRate: 1 };
    harness = new GatewayHarness({ topicsOpen: true, limits: limited });
    const peer = await MqttPeer.in(harness, {}, { address: '10.1.1.1', isOver: false });
    harness.retained.answer = () => ({ ...retainedOf(), next: 'more' });
    await peer.subscribe('+/none', 0);
    await peer.pinged();
    const { answered } = harness.retained;
    await peer.pinged();
    expect(harness.retained.answered).toBe(answered);
  });

  test('a filter that cim does not take is refused, and nothing else', async () => {
    const peer = await MqttPeer.in(harness);
    for (const filter of ['a/'.repeat(limits.topicLevelsMax), 'a\tb', '$share'])
      expect(await peer.subscribe(filter, 0)).toBe(0x8f);
    await peer.pinged();
  });

  test('[MQTT-3.8.3-3] No Local of a client whose id the server has drawn', async () => {
    const peer = await MqttPeer.in(harness, { clientId: '' });
    await peer.subscribe('a', 0, {}, { nl: true });
    peer.publish('a', 'own', 1, 1);
    await peer.when('puback');
    const { clientId, owner } = harness.publications.entries[0] as PublishEntry;
    await published('a', 'own', { clientId, owner });
    await published('a', 'other');
    await peer.when('publish');
    expect(heard(peer)).toEqual([['a', 'other', false]]);
  });

  test('a client that does not read is left out, and its connection ends with it', async () => {
    const peer = await MqttPeer.in(harness);
    await peer.subscribe('a', 0);
    peer.stream.pause();
    const big = 'x'.repeat(200_000);
    for (let count = 0; count < 40; count += 1) await published('a', big);
    expect(harness.count('transient.dropped.reader')).toBeGreaterThan(0);
    peer.stream.resume();
    peer.stream.end();
    await waitUntil('it is forgotten', () => harness.gateway.topics.size === 0);
  });
});

function retainedOf(...values: readonly (readonly [string, number])[]) {
  return {
    ...{ code: 0, next: '', expiries: values.map(() => 0) },
    topics: values.map(([topic]) => topic),
    numbers: values.map(([, number]) => number),
    bodies: values.map(([, number]) => bodyOf(`number ${number}`)),
  };
}
