/** Listeners on which MQTT is spoken. */
import { MqttPacketDecoder } from '../../../codec/mqtt/packet-decoder.ts';
import { encodePacket, type Packet, readConnect } from '../../../codec/mqtt/packets.ts';
import { MqttError, returnCodeOf } from '../../../codec/mqtt/reasons.ts';
import { FrameReaders } from '../../sessions/frame-readers.ts';
import type { Session, Wire } from '../protocol.ts';
import { readMqttConnect } from './mqtt-connect.ts';
import { type MqttGateway, MqttProtocol } from './mqtt-protocol.ts';
import { MqttWills, type WillGateway } from './mqtt-wills.ts';

/** Of each gateway: a client may come back by another port. */
const willsOf = new WeakMap<object, MqttWills>();

export function mqttWire(gateway: MqttGateway & WillGateway): Wire {
  const wills = willsOf.get(gateway) ?? new MqttWills(gateway);
  willsOf.set(gateway, wills);
  return {
    frames: new FrameReaders(() => new MqttPacketDecoder(0)),
    endpoints: [],
    logIn(session, frame) {
      const connect = connectOf(session, frame, gateway.publications.isOpen);
      session.speak(new MqttProtocol(session, connect, gateway, wills));
      session.logIn(connect.login);
    },
  };
}

/** Throws MqttError, when the client has been told what was wrong with its CONNECT. */
function connectOf(session: Session, frame: Uint8Array, isOpen: boolean) {
  let version: 3 | 4 | 5 = 4;
  try {
    const packet = readConnect(frame);
    version = packet.protocolVersion;
    return readMqttConnect(packet, isOpen);
  } catch (error) {
    if (error instanceof MqttError) refuse(session, version, error);
    throw error;
  }
}

function refuse(session: Session, version: 3 | 4 | 5, { reasonCode, message }: MqttError): void {
  const returnCode = returnCodeOf(reasonCode);
  if (version < 5 && returnCode === undefined) return;
  const answer: Packet = {
    cmd: 'connack',
    sessionPresent: false,
    ...(version === 5 ? { reasonCode, properties: { reasonString: message } } : {}),
    ...(version < 5 && returnCode !== undefined && { returnCode }),
  };
  session.writeLive(encodePacket(answer, version));
}
