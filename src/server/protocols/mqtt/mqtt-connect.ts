/** What a CONNECT asks for, and what it is told of that. */
import { createHash, randomBytes } from 'node:crypto';
import { limits } from '../../../base/limits.ts';
import { decodeUtf8 } from '../../../base/text/utf8.ts';
import { isFreeTopic } from '../../../base/topics/topic.ts';
import type { IConnectPacket, MqttVersion } from '../../../codec/mqtt/packets.ts';
import { MqttError, reason } from '../../../codec/mqtt/reasons.ts';
import type { Login } from '../../sessions/client-rules.ts';
import { type Destination, destinationOf, isTopicName } from './mqtt-topics.ts';

export interface MqttConnect {
  readonly version: MqttVersion;
  readonly clientId: string;
  /** The client gave none, and is told its own. */
  readonly isAssigned: boolean;
  /** What was before is over. */
  readonly isClean: boolean;
  /** The session ends with its connection. */
  readonly isEphemeral: boolean;
  readonly sessionExpirySeconds: number;
  readonly keepAliveSeconds: number;
  /** What the client takes. */
  readonly receiveMax: number;
  readonly packetBytesMax: number;
  /** Whether it wants to be told reasons in words. */
  readonly wantsReasons: boolean;
  readonly will: MqttWill | undefined;
  readonly login: Login;
}

export interface MqttWill {
  /** Undefined: it is of the free space. */
  readonly destination: Destination | undefined;
  readonly topic: string;
  readonly retain: boolean;
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly qos: 0 | 1 | 2;
  readonly delaySeconds: number;
  readonly clientId: string;
}

const nothing = new Uint8Array();
const sessionExpiryMax = 0xffff_ffff;
/** Before the part that comes of the client's id: no device of cim's own SDK is called so. */
const devicePrefix = 'mqtt-';

/** `isOpen`: topics beside cim/ are open. Throws MqttError. */
export function readMqttConnect(
  packet: IConnectPacket & { protocolVersion: MqttVersion },
  isOpen: boolean,
): MqttConnect {
  const { protocolVersion: version, clean = true, keepalive = 0, properties = {} } = packet;
  if (properties.authenticationMethod !== undefined)
    throw new MqttError(
      reason.badAuthenticationMethod,
      'there is no such method of authentication',
    );
  if (version < 5 && packet.password !== undefined && packet.username === undefined)
    throw new MqttError(reason.malformed, 'a password without a user name');
  const isAssigned = packet.clientId === '';
  if (isAssigned && version < 5 && !clean)
    throw new MqttError(reason.clientIdInvalid, 'a session that stays needs a client id');
  const clientId = isAssigned ? `cim${randomBytes(9).toString('hex')}` : packet.clientId;
  const { sessionExpiryInterval = 0, receiveMaximum = 65_535, maximumPacketSize } = properties;
  if (receiveMaximum === 0 || maximumPacketSize === 0)
    throw new MqttError(reason.protocolError, 'a client that takes nothing');
  const isEphemeral = version === 5 ? sessionExpiryInterval === 0 : clean;
  return {
    version,
    clientId,
    isAssigned,
    isClean: clean,
    isEphemeral,
    sessionExpirySeconds: version === 5 ? sessionExpiryInterval : clean ? 0 : sessionExpiryMax,
    keepAliveSeconds: keepalive,
    receiveMax: Math.min(receiveMaximum, limits.mqttInFlightMax),
    packetBytesMax: maximumPacketSize ?? Number.MAX_SAFE_INTEGER,
    wantsReasons: version === 5 && properties.requestProblemInformation !== false,
    will: willOf({ ...packet, clientId }, isOpen),
    login: {
      ...{ userId: 0, userName: '', token: '', connectionNumber: 0 },
      device: deviceOf(clientId),
      epochHex: randomBytes(8).toString('hex'),
      ephemeral: isEphemeral,
      proof: {
        user: packet.username ?? '',
        password: decodeUtf8(packet.password ?? nothing) ?? '',
      },
    },
  };
}

/** A client's id may be any text, a device's may not. */
function deviceOf(clientId: string): string {
  const plain = devicePrefix + clientId;
  if (plain.length <= limits.deviceCharactersMax && /^[\w-]+$/.test(plain)) return plain;
  return devicePrefix + createHash('sha256').update(clientId).digest('base64url');
}

function willOf(
  { will, clientId, properties: { sessionExpiryInterval = 0 } = {} }: IConnectPacket,
  isOpen: boolean,
): MqttWill | undefined {
  if (!will) return undefined;
  const { topic, payload, qos = 0, retain = false, properties = {} } = will;
  if (qos > 2) throw new MqttError(reason.malformed, 'a will has a QoS of 0, 1 or 2');
  if (retain && !isOpen)
    throw new MqttError(reason.retainUnsupported, 'no message is retained here');
  if (!isTopicName(topic)) throw new MqttError(reason.topicInvalid, 'the will has no topic');
  const destination = destinationOf(topic);
  if (!destination && !(isOpen && isFreeTopic(topic)))
    throw new MqttError(reason.notAuthorized, 'the will has no topic that may be published to');
  return {
    ...{ destination, topic, retain, clientId },
    payload: Uint8Array.from(Buffer.from(payload)),
    contentType: properties.contentType ?? '',
    qos,
    // With its session it is said at the latest.
    delaySeconds: Math.min(properties.willDelayInterval ?? 0, sessionExpiryInterval),
  };
}
