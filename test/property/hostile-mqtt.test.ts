/**
 * Whatever bytes an MQTT client sends, and however they are split on their way: the decoder finds the
 * packets that a simple reader finds, or refuses where it does, and holds no more than a packet. What is
 * in a packet is read, or is an MqttError: nothing else is thrown, and the next packet is read as if
 * nothing had been.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { limits } from '../../src/base/limits.ts';
import { MqttPacketDecoder } from '../../src/codec/mqtt/packet-decoder.ts';
import { type MqttVersion, readConnect, readPacket } from '../../src/codec/mqtt/packets.ts';
import { MqttError } from '../../src/codec/mqtt/reasons.ts';
import { ProtocolError } from '../../src/codec/protocol-error.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';

const bytesMax = 300;
const version = fc.constantFrom<MqttVersion>(3, 4, 5);

// ---- packets of a stream --------------------------------------------------------------------------

interface Course {
  readonly packets: string[];
  readonly isBroken: boolean;
}

function simply(bytes: Buffer): Course {
  const packets: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    let at = start + 1;
    let length = 0;
    for (let digit = 0; ; digit++) {
      if (digit === 4) return { packets, isBroken: true };
      const byte = bytes[at++];
      if (byte === undefined) return { packets, isBroken: false };
      length += (byte & 0x7f) * 128 ** digit;
      if (byte < 0x80) break;
    }
    if (length > bytesMax) return { packets, isBroken: true };
    if (at + length > bytes.length) return { packets, isBroken: false };
    packets.push(bytes.toString('hex', start, at + length));
    start = at + length;
  }
  return { packets, isBroken: false };
}

function inPieces(bytes: Buffer, cuts: readonly number[]): Course {
  const decoder = new MqttPacketDecoder(bytesMax);
  const packets: string[] = [];
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  );
  let from = 0;
  for (const to of places) {
    const piece = Buffer.from(bytes.subarray(from, to));
    try {
      const end = decoder.push(piece, (packet, start, end) => {
        packets.push(Buffer.from(packet.subarray(start, end)).toString('hex'));
      });
      expect(end).toBe(piece.length);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
      expect(() => decoder.push(Buffer.of(0xc0, 0), () => undefined)).toThrow('failed before');
      return { packets, isBroken: true };
    }
    expect(decoder.bufferedBytes).toBeLessThanOrEqual(2 * (bytesMax + 5));
    expect(decoder.receivedBytes).toBeLessThanOrEqual(decoder.bufferedBytes);
    from = to;
  }
  return { packets, isBroken: false };
}

const piece = fc.oneof(
  fc
    .record({ type: fc.nat(255), body: fc.uint8Array({ maxLength: 200 }) })
    .map(({ type, body }) => Buffer.concat([lengthOf(type, body.length), body])),
  // Lengths as nobody writes them: too long, padded, cut off.
  fc
    .constantFrom(
      [0x30, 0xff, 0xff, 0xff, 0x7f],
      [0x30, 0x80, 0x80, 0x80, 0x80, 0x01],
      [0xc0, 0x80, 0x00],
    )
    .map(Buffer.from),
  fc.uint8Array({ maxLength: 6 }).map(Buffer.from),
);

function lengthOf(type: number, length: number): Buffer {
  return length < 128
    ? Buffer.of(type, length)
    : Buffer.of(type, (length % 128) | 0x80, Math.floor(length / 128));
}

describe('the packets of a stream', () => {
  test(
    'are those that a simple reader finds, however they are split',
    async () => {
      const property = fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.array(fc.nat(2_000), { maxLength: 12 }),
        (pieces, cuts) => {
          const bytes = Buffer.concat(pieces);
          expect(inPieces(bytes, cuts)).toEqual(simply(bytes));
        },
      );
      await fuzz('packets of MQTT', property, 1_500);
    },
    fuzzTimeoutMs,
  );

  test('of which one is no PUBLISH have a bound of their own', () => {
    const decoder = new MqttPacketDecoder(limits.frameBytesMax);
    const length = limits.mqttControlBytesMax + 1;
    const head = (type: number) =>
      Buffer.of(type, (length % 128) | 0x80, (length >> 7) | 0x80, length >> 14);
    decoder.push(head(0x30), () => undefined);
    const other = new MqttPacketDecoder(limits.frameBytesMax);
    expect(() => other.push(head(0x82), () => undefined)).toThrow('over the limit');
  });

  test('are not read on once their sink has stopped', () => {
    const decoder = new MqttPacketDecoder(bytesMax);
    const end = decoder.push(Buffer.of(0xc0, 0, 0xc0, 0), () => decoder.stop());
    expect(end).toBe(2);
    expect(decoder.isBetweenFrames).toBe(true);
  });
});

// ---- what is in them ------------------------------------------------------------------------------

const text = fc
  .string({ maxLength: 12 })
  .filter((each) => !each.includes('\0') && !each.includes('\ufffd'));
const messageId = fc.integer({ min: 1, max: 65_535 });
const userProperties = fc.dictionary(
  text.filter((name) => name !== ''),
  text,
  { maxKeys: 3 },
);

const anyPacket: fc.Arbitrary<Packet> = fc.oneof(
  fc
    .record({
      topic: text.filter((each) => each !== ''),
      payload: fc.uint8Array({ maxLength: 60 }),
      qos: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
      messageId,
      retain: fc.boolean(),
      userProperties,
    })
    .map(
      ({ payload, userProperties, ...rest }): Packet => ({
        ...rest,
        cmd: 'publish',
        dup: false,
        payload: Buffer.from(payload),
        properties: {
          contentType: 'text/plain',
          ...(Object.keys(userProperties).length > 0 && { userProperties }),
        },
      }),
    ),
  fc
    .record({
      messageId,
      topics: fc.array(
        text.filter((each) => each !== ''),
        { minLength: 1, maxLength: 4 },
      ),
    })
    .map(
      ({ messageId, topics }): Packet => ({
        cmd: 'subscribe',
        messageId,
        subscriptions: topics.map((topic) => ({ topic, qos: 1, nl: true, rap: false, rh: 1 })),
      }),
    ),
  fc
    .record({
      cmd: fc.constantFrom<'puback' | 'pubrec' | 'pubrel' | 'pubcomp'>(
        'puback',
        'pubrec',
        'pubrel',
        'pubcomp',
      ),
      messageId,
    })
    .map(({ cmd, messageId }): Packet => ({ cmd, messageId, reasonCode: 0 })),
  fc.constant<Packet>({ cmd: 'pingreq' }),
  fc.constant<Packet>({ cmd: 'disconnect', reasonCode: 0 }),
);
const connect = fc
  .record({
    protocolVersion: version,
    clientId: text,
    username: text,
    password: text,
    clean: fc.constant(true),
    keepalive: fc.nat(65_535),
  })
  .map(
    (each): Packet => ({
      ...each,
      cmd: 'connect',
      password: Buffer.from(each.password),
      protocolId: each.protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
      clientId: each.clientId || 'x',
    }),
  );

interface Hit {
  readonly at: number;
  readonly byte: number;
  readonly kind: string;
}

/** Some bytes are others, or are missing, or are there twice. */
const damage = fc.array(
  fc.record({ at: fc.nat(200), byte: fc.nat(255), kind: fc.constantFrom('set', 'cut', 'add') }),
  { maxLength: 3 },
);

/** With the length that it has by then: what does not fit is for the decoder. */
function damaged(packet: Buffer, hits: readonly Hit[]): Buffer {
  let start = 1;
  while ((packet[start] as number) >= 0x80) start += 1;
  let body = [...packet.subarray(start + 1)];
  let type = packet[0] as number;
  for (const { at, byte, kind } of hits) {
    if (at === 0) type = byte;
    else if (kind === 'set') body[at % Math.max(1, body.length)] = byte;
    else if (kind === 'add') body.splice(at % (body.length + 1), 0, byte);
    else body = body.slice(0, at % (body.length + 1));
  }
  return Buffer.concat([lengthOf(type, body.length), Buffer.from(body)]);
}

function outcome(read: () => unknown): 'read' | 'refused' {
  try {
    read();
    return 'read';
  } catch (error) {
    expect(error).toBeInstanceOf(MqttError);
    return 'refused';
  }
}

describe('what is in a packet', () => {
  test(
    'is read as it was written, and damaged it is read or refused, and does not concern the next one',
    async () => {
      const property = fc.property(version, anyPacket, damage, (protocolVersion, packet, hits) => {
        const bytes = generate(packet, { protocolVersion });
        outcome(() => readPacket(damaged(bytes, hits), protocolVersion));
        const again = readPacket(bytes, protocolVersion);
        expect(again.cmd).toBe(packet.cmd);
        if (again.cmd === 'publish' && packet.cmd === 'publish') {
          expect(again.topic).toBe(packet.topic);
          expect(again.payload).toEqual(packet.payload);
        }
      });
      await fuzz('what is in packets of MQTT', property, 1_500);
    },
    fuzzTimeoutMs,
  );

  test(
    'of a CONNECT is read as it was written, and damaged it is read or refused',
    async () => {
      const property = fc.property(connect, damage, (packet, hits) => {
        const bytes = generate(packet);
        outcome(() => readConnect(damaged(bytes, hits)));
        if (packet.cmd !== 'connect') return;
        const { clientId, username } = readConnect(bytes);
        expect({ clientId, username }).toEqual({
          clientId: packet.clientId,
          username: packet.username,
        });
      });
      await fuzz('CONNECT of MQTT', property, 1_000);
    },
    fuzzTimeoutMs,
  );

  test.each([
    ['[MQTT-2.2.1-3] a packet identifier of 0', [0x82, 6, 0, 0, 0, 1, 0x61, 0]],
    ['[MQTT-3.8.3-2] a SUBSCRIBE without a filter', [0x82, 2, 0, 1]],
    ['[MQTT-3.8.1-1] a SUBSCRIBE with other flags', [0x80, 6, 0, 1, 0, 1, 0x61, 0]],
    ['[MQTT-3.3.1-2] a message of QoS 0 that is sent again', [0x38, 4, 0, 1, 0x61, 0x62]],
    ['[MQTT-3.3.1-4] a message of QoS 3', [0x36, 6, 0, 1, 0x61, 0, 1, 0x62]],
    ['[MQTT-1.5.4-1] a topic that is no UTF-8', [0x30, 4, 0, 1, 0xff, 0x62]],
    ['[MQTT-1.5.4-2] a topic with U+0000', [0x30, 4, 0, 1, 0, 0x62]],
    ['[MQTT-3.1.0-2] a second CONNECT', [0x10, 0]],
  ])('%s is refused', (_what, bytes) => {
    expect(() => readPacket(Buffer.from(bytes), 4)).toThrow(MqttError);
  });
});
