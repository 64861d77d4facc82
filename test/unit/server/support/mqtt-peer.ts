/** The client's end of an MQTT connection to a gateway of a test. */
import { type Duplex, duplexPair } from 'node:stream';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';
import type { Arrival } from '../../../../src/net/arrivals.ts';
import { mqttWire } from '../../../../src/server/protocols/mqtt/mqtt-wire.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import type { GatewayHarness } from './gateway-harness.ts';

type Level = 3 | 4 | 5;
type Received = Packet & Readonly<Record<string, unknown>>;

export class MqttPeer {
  readonly packets: Received[] = [];
  readonly stream: Duplex;
  ended = false;
  readonly #protocolVersion: Level;

  constructor(
    { gateway }: GatewayHarness,
    protocolVersion: Level,
    arrival: Arrival = { address: '', isOver: false },
  ) {
    const [client, server] = duplexPair({ allowHalfOpen: false });
    this.stream = client;
    this.#protocolVersion = protocolVersion;
    const reader = parser({ protocolVersion }).on('packet', (packet) => {
      this.packets.push({ ...packet } as Received);
    });
    client.on('data', (chunk: Buffer) => reader.parse(chunk));
    client.on('end', () => {
      this.ended = true;
    });
    gateway.accept(server, arrival, mqttWire(gateway));
  }

  /** Logged in. */
  static async in(
    harness: GatewayHarness,
    options: Partial<IConnectPacket> & { readonly user?: number } = {},
    arrival?: Arrival,
  ): Promise<MqttPeer> {
    const { protocolVersion = 5 } = options;
    const peer = new MqttPeer(harness, protocolVersion, arrival);
    peer.connect(options);
    await peer.when('connack');
    return peer;
  }

  connect({
    user = 1,
    ...options
  }: Partial<IConnectPacket> & { readonly user?: number } = {}): void {
    this.send({
      ...{ cmd: 'connect', protocolVersion: this.#protocolVersion, clientId: 'thing', clean: true },
      ...{ keepalive: 60, username: String(user), password: Buffer.from('x') },
      protocolId: this.#protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
      ...options,
    });
  }

  send(packet: Packet): void {
    this.stream.write(generate(packet, { protocolVersion: this.#protocolVersion }));
  }

  publish(topic: string, payload: string, qos: 0 | 1 | 2 = 0, messageId = 0, rest = {}): void {
    const head = { cmd: 'publish', topic, payload, qos, dup: false, retain: false } as const;
    this.send({ ...head, ...(qos > 0 && { messageId }), ...rest });
  }

  async subscribe(
    topic: string,
    qos: 0 | 1 | 2,
    rest: object = {},
    options: object = {},
  ): Promise<unknown> {
    const before = this.of('suback').length;
    this.send({
      cmd: 'subscribe',
      messageId: 99,
      subscriptions: [{ topic, qos, nl: false, rap: false, rh: 0, ...options }],
      ...rest,
    });
    const suback = await waitUntil('a SUBACK', () => {
      return this.of('suback')[before];
    });
    const [granted] = suback['granted'] as readonly unknown[];
    return granted;
  }

  of(cmd: Packet['cmd']): Received[] {
    return this.packets.filter((packet) => packet.cmd === cmd);
  }

  when(cmd: Packet['cmd'], count = 1): Promise<Received> {
    return waitUntil(`${cmd} ${count}`, () => this.of(cmd)[count - 1]);
  }

  /** All that was sent so far was read. */
  async pinged(): Promise<void> {
    const before = this.of('pingresp').length;
    this.send({ cmd: 'pingreq' });
    await this.when('pingresp', before + 1);
  }

  whenEnded(): Promise<unknown> {
    return waitUntil('the connection ends', () => this.ended);
  }
}
