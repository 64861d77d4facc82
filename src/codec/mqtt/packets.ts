/**
 * MQTT packets from and to bytes: the wrapper of mqtt-packet, for MQTT 3.1, 3.1.1 and 5. What the
 * library lets pass and no correct client sends is refused here. Packets are given and taken whole
 * (packet-decoder.ts).
 */
import assert from 'node:assert/strict';
import {
  generate,
  type IConnectPacket,
  type IPublishPacket,
  type Packet,
  type Parser,
  parser,
} from 'mqtt-packet';
import { limits } from '../../base/limits.ts';
import type { ProtocolError } from '../protocol-error.ts';
import { MqttError, reason } from './reasons.ts';

export type { IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from 'mqtt-packet';

/** 3 is MQTT 3.1, 4 is MQTT 3.1.1. */
export type MqttVersion = 3 | 4 | 5;

type Connect = IConnectPacket & { readonly protocolVersion: MqttVersion };
type Properties = Readonly<Record<string, unknown>>;

/** Of which there may be several in one packet. */
const severalAllowed = new Set(['userProperties', 'subscriptionIdentifier']);
/** Packets that name one that they are about, or are themselves to be answered. */
const withId = new Set([...['puback', 'pubrec', 'pubrel', 'pubcomp', 'subscribe', 'unsubscribe']]);

/** Reads packets of one version; for all connections that speak it. */
class PacketReader {
  readonly #version: MqttVersion;
  #parser: Parser;
  #packet: Packet | null = null;
  #error: Error | null = null;

  constructor(version: MqttVersion) {
    this.#version = version;
    this.#parser = this.#open();
  }

  /** Throws MqttError. */
  read(bytes: Uint8Array): Packet {
    this.#packet = null;
    this.#error = null;
    try {
      this.#parser.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    } catch (error) {
      // It reads past the end where a length lies.
      this.#error = error instanceof Error ? error : new Error(String(error));
    }
    const { packet, failure } = this.#taken();
    if (packet && !failure) return packet;
    this.#parser = this.#open();
    throw new MqttError(reason.malformed, failure?.message ?? 'the packet ends too early');
  }

  #taken(): { readonly packet: Packet | null; readonly failure: Error | null } {
    return { packet: this.#packet, failure: this.#error };
  }

  #open(): Parser {
    return parser({ protocolVersion: this.#version })
      .on('packet', (packet) => {
        this.#packet = packet;
      })
      .on('error', (error: Error) => {
        this.#error = error;
      });
  }
}

const readers: Readonly<Record<MqttVersion, PacketReader>> = {
  3: new PacketReader(3),
  4: new PacketReader(4),
  5: new PacketReader(5),
};

/** The first packet of a connection. Throws MqttError, also for a version that is not spoken here. */
export function readConnect(bytes: Uint8Array): Connect {
  if ((bytes[0] as number) >> 4 !== 1)
    throw new MqttError(reason.protocolError, 'the first packet must be CONNECT');
  assertVersion(bytes);
  // Reading one changes what its parser takes the version for.
  const packet = new PacketReader(5).read(bytes);
  if (packet.cmd !== 'connect') throw new MqttError(reason.malformed, 'this is no CONNECT');
  assertProperties(packet.properties);
  assertProperties(packet.will?.properties);
  assertTexts(packet.clientId, packet.username, packet.will?.topic);
  return packet as Connect;
}

/** A packet behind the CONNECT, which it is not. Throws MqttError. */
export function readPacket(bytes: Uint8Array, version: MqttVersion): Packet {
  if ((bytes[0] as number) >> 4 === 1)
    throw new MqttError(reason.protocolError, 'a second CONNECT');
  const packet = readers[version].read(bytes);
  if ('properties' in packet) assertProperties(packet.properties);
  if (packet.cmd === 'publish') assertPublish(packet);
  else if (withId.has(packet.cmd)) assertId(packet.messageId);
  if (packet.cmd === 'subscribe') {
    if (packet.subscriptions.length === 0) throw protocolError('a SUBSCRIBE without a filter');
    assertTexts(...packet.subscriptions.map(({ topic }) => topic));
  }
  if (packet.cmd === 'unsubscribe') {
    if (packet.unsubscriptions.length === 0) throw protocolError('an UNSUBSCRIBE without a filter');
    assertTexts(...packet.unsubscriptions);
  }
  return packet;
}

export function encodePacket(packet: Packet, version: MqttVersion): Uint8Array {
  const bytes = generate(packet, { protocolVersion: version });
  // The library says nothing of what it cannot write.
  assert(bytes.length > 0, `a ${packet.cmd} that cannot be written`);
  return bytes;
}

/** What is in the CONNECT of a version that nobody speaks here cannot be known. */
function assertVersion(bytes: Uint8Array): void {
  const { at } = new ConnectHead(bytes);
  const level = bytes[at];
  // Bridges of Mosquitto set the highest bit.
  if (level !== undefined && level !== 3 && level !== 4 && level !== 5)
    throw new MqttError(reason.unsupportedVersion, `version ${level} of MQTT is not spoken here`);
}

/** Where the level of the protocol is: behind the fixed header and the name of the protocol. */
class ConnectHead {
  readonly at: number;

  constructor(bytes: Uint8Array) {
    let start = 1;
    while ((bytes[start] ?? 0) >= 0x80) start += 1;
    const nameBytes = ((bytes[start + 1] ?? 0) << 8) | (bytes[start + 2] ?? 0);
    this.at = start + 3 + nameBytes;
  }
}

function assertPublish({ topic, qos, dup, messageId, properties }: IPublishPacket): void {
  assertTexts(topic);
  if (qos > 0) assertId(messageId);
  else if (dup) throw protocolError('a message of QoS 0 is never sent again');
  if (properties?.topicAlias === 0)
    throw new MqttError(reason.topicAliasInvalid, 'no topic has the alias 0');
  if (properties?.subscriptionIdentifier !== undefined)
    throw protocolError('a client sends no subscription identifiers');
}

function assertId(messageId: number | undefined): void {
  if (messageId === undefined || !(messageId >= 1 && messageId <= 65_535))
    throw protocolError('a packet identifier is 1 to 65535');
}

/** The library decodes what is no UTF-8 all the same: what is left of it shows. */
function assertTexts(...texts: readonly (string | undefined)[]): void {
  for (const text of texts) {
    if (text === undefined) continue;
    if (text.includes('\u0000') || text.includes('\ufffd') || !text.isWellFormed())
      throw new MqttError(reason.malformed, 'a text is not UTF-8, or holds U+0000 or U+FFFD');
  }
}

function assertProperties(properties: unknown): void {
  if (properties === undefined || properties === null) return;
  if (typeof properties !== 'object') throw new MqttError(reason.malformed, 'malformed properties');
  let count = 0;
  for (const [name, value] of Object.entries(properties as Properties)) {
    if (name === 'userProperties') {
      for (const values of Object.values(value as Properties))
        count += assertUserProperty(Array.isArray(values) ? values : [values]);
      continue;
    }
    count += 1;
    if (Array.isArray(value) && !severalAllowed.has(name))
      throw protocolError(`the property ${name} is there twice`);
    if (value === null || value === undefined || value === -1 || value === false)
      if (!isFlag(name)) throw new MqttError(reason.malformed, `the property ${name} is cut off`);
    if (typeof value === 'string') assertTexts(value);
  }
  if (count > limits.mqttPropertiesMax)
    throw new MqttError(reason.tooLarge, 'the packet has too many properties');
}

function isFlag(name: string): boolean {
  return (
    name === 'payloadFormatIndicator' ||
    name === 'requestResponseInformation' ||
    name === 'requestProblemInformation'
  );
}

function assertUserProperty(values: readonly unknown[]): number {
  for (const value of values) {
    if (typeof value !== 'string')
      throw new MqttError(reason.malformed, 'a user property is cut off');
    assertTexts(value);
  }
  return values.length;
}

function protocolError(message: string): ProtocolError {
  return new MqttError(reason.protocolError, message);
}
