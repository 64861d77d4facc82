/**
 * MQTT 3.1.1, as mosquitto and aedes speak it: QoS 0 for what is not kept; QoS 1 and sessions that
 * outlive their connections for what is.
 */

import { repeat } from '../../../src/load/turn.ts';
import { type Driver, type DriverOptions, openSocket, peerOf, rejoined } from '../driver.ts';

const packet = { connect: 1, connack: 2, publish: 3, puback: 4, suback: 9, pingresp: 13 } as const;
const packetIdMax = 65_535;

export function mqttDriver(options: DriverOptions): Driver {
  const { pattern, bytes, durable, events } = options;
  const quality = durable ? 1 : 0;
  return {
    async open(index) {
      let answered: ((type: number) => void) | undefined;
      let delivered = 0;
      let acknowledged = 0;
      const answers: Buffer[] = [];
      const take = (type: number, bytes: Buffer, start: number): void => {
        if (type === packet.publish) {
          delivered += 1;
          if (durable) answers.push(puback(bytes, start + 2 + bytes.readUInt16BE(start)));
        } else if (type === packet.puback) acknowledged += 1;
        else answered?.(type);
      };
      const socket = await openSocket(
        options,
        rejoined((chunk) => {
          const taken = parsePackets(chunk, take);
          if (answers.length > 0) socket.queue(Buffer.concat(answers));
          if (delivered > 0) events.delivered(index, delivered);
          if (acknowledged > 0) events.acknowledged(index, acknowledged);
          answers.length = delivered = acknowledged = 0;
          return taken;
        }),
      );
      const ask = (request: Buffer, answer: number): Promise<void> =>
        new Promise((resolve) => {
          answered = (type) => type === answer && resolve();
          socket.queue(request);
        });
      await ask(connectPacket(`bench-${index}`, durable), packet.connack);
      if (pattern !== 'group' || index > 0) {
        const own = topicOf(pattern === 'group' ? undefined : index);
        await ask(subscribePacket(own, quality), packet.suback);
      }
      const frame = publishPacket(topicOf(peerOf(pattern, index)), bytes, quality);
      const idAt = frame.length - bytes - 2;
      let packetId = 0;
      const send = (count: number): void => {
        const frames = Buffer.from(repeat(frame, count));
        for (let number = 0; durable && number < count; number++) {
          packetId = (packetId % packetIdMax) + 1;
          frames.writeUInt16BE(packetId, number * frame.length + idAt);
        }
        socket.queue(frames);
      };
      return {
        send,
        keepAlive: () => socket.queue(pingreq),
      };
    },
  };
}

/** Returns how far whole packets went. `start` is where the variable header begins. */
function parsePackets(
  bytes: Buffer,
  take: (type: number, bytes: Buffer, start: number) => void,
): number {
  let offset = 0;
  for (;;) {
    let at = offset + 1;
    let length = 0;
    let shift = 0;
    let byte = 0x80;
    while (byte >= 0x80 && at < bytes.length) {
      byte = bytes[at++] as number;
      length |= (byte & 0x7f) << shift;
      shift += 7;
    }
    if (byte >= 0x80 || at + length > bytes.length) return offset;
    take((bytes[offset] as number) >> 4, bytes, at);
    offset = at + length;
  }
}

const pingreq = Buffer.from([0xc0, 0]);

function puback(bytes: Buffer, idAt: number): Buffer {
  return Buffer.from([0x40, 2, bytes[idAt] as number, bytes[idAt + 1] as number]);
}

function connectPacket(clientId: string, isKept: boolean): Buffer {
  const protocol = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, isKept ? 0 : 2, 0, 0]);
  return framed(0x10, [protocol, string(clientId)]);
}

function subscribePacket(topic: string, quality: number): Buffer {
  return framed(0x82, [Buffer.from([0, 1]), string(topic), Buffer.from([quality])]);
}

function publishPacket(topic: string, bytes: number, quality: number): Buffer {
  const payload = Buffer.alloc(bytes, 'x');
  const id = Buffer.alloc(quality === 0 ? 0 : 2);
  return framed(0x30 | (quality << 1), [string(topic), id, payload]);
}

function framed(header: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([header, ...length]), body]);
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function topicOf(index: number | undefined): string {
  return index === undefined ? 'u/all' : `u/${index}`;
}
