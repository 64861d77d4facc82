/**
 * MQTT 3.1, 3.1.1 and 5 (docs/guides/mqtt.md). What a client publishes is a message of cim; what it
 * subscribes to is a timeline, whose cursor its acknowledgements move.
 */
import type { OpenResult, ReadResult, SubmitResult } from '../../../api/route-api.ts';
import type { MembershipChange } from '../../../api/server-api.ts';
import type { Clock } from '../../../base/clock.ts';
import { limits } from '../../../base/limits.ts';
import type { ReadFrame } from '../../../codec/client-frame.ts';
import { closeCodes } from '../../../codec/close-codes.ts';
import { type MessageFields, scanIfReadable } from '../../../codec/message-scan.ts';
import {
  encodePacket,
  type IPublishPacket,
  type ISubscribePacket,
  type Packet,
  readPacket,
} from '../../../codec/mqtt/packets.ts';
import { MqttError, reason, reasonOfClose, returnCodeOf } from '../../../codec/mqtt/reasons.ts';
import { bodiesOf, type Run } from '../../../codec/run.ts';
import type { ServerLimits } from '../../../limits/server-limits.ts';
import type { GroupDelivery } from '../../groups/group-message.ts';
import type { Asker, Requests } from '../../sessions/requests.ts';
import type { SubmittedRun } from '../../sessions/submissions.ts';
import type { Publications } from '../../topics/publications.ts';
import type { TopicTable } from '../../topics/topic-table.ts';
import type { Protocol, Session } from '../protocol.ts';
import type { MqttConnect } from './mqtt-connect.ts';
import { connackProperties } from './mqtt-greeting.ts';
import { messageOf } from './mqtt-messages.ts';
import { MqttPublisher } from './mqtt-publisher.ts';
import { MqttSubscriptions } from './mqtt-subscriptions.ts';
import { MqttTopicPublisher } from './mqtt-topic-publisher.ts';
import { destinationOf, isTopicName } from './mqtt-topics.ts';
import type { MqttWills } from './mqtt-wills.ts';

/** What its sessions need of the gateway. */
export interface MqttGateway {
  readonly clock: Clock;
  readonly publications: Publications;
  readonly topics: TopicTable;
  readonly limits: Pick<ServerLimits, 'holdReads' | 'reads'>;
}

/** It is back elsewhere, or may not say anything any more. */
const withoutWill: ReadonlySet<number> = new Set(
  (
    ['moving', 'kicked', 'blocked', 'secret-changed', 'account-deleted', 'not-allowed'] as const
  ).map((name) => closeCodes[name].code),
);

export class MqttProtocol implements Protocol, Asker {
  readonly name = 'mqtt';
  readonly #session: Session;
  readonly #connect: MqttConnect;
  readonly #wills: MqttWills;
  readonly #requests: Requests;
  readonly #publisher: MqttPublisher;
  readonly #topicPublisher: MqttTopicPublisher;
  readonly #isOpen: boolean;
  readonly #subscriptions: MqttSubscriptions;
  /** Of QoS 2, which were not released: whether each is stored. */
  readonly #received = new Map<number, boolean>();
  readonly #aliases = new Map<number, string>();
  #isGreeted = false;
  /** It has said that it goes: nothing is told, and there is no will. */
  #hasLeft = false;
  /** Which mistake the client made. */
  #mistake: number | undefined;

  constructor(session: Session, connect: MqttConnect, gateway: MqttGateway, wills: MqttWills) {
    this.#session = session;
    this.#connect = connect;
    this.#wills = wills;
    this.#requests = session.requests(this);
    const { clock, publications, topics } = gateway;
    this.#isOpen = publications.isOpen;
    this.#publisher = new MqttPublisher(this, this.#requests, clock);
    this.#topicPublisher = new MqttTopicPublisher({
      ...{ owner: this, requests: this.#requests, publications, clock },
      clientId: connect.clientId,
      isAssigned: connect.isAssigned,
    });
    this.#subscriptions = new MqttSubscriptions({
      session,
      connect,
      requests: this.#requests,
      ...{ clock, publications, topics, rates: gateway.limits },
      write: (packet) => this.#write(packet),
    });
    // Until the login is done: what the client sends behind its CONNECT waits.
    this.#requests.pause();
  }

  get isToldWhy(): boolean {
    return this.#connect.version === 5;
  }

  get heldBytes(): number {
    const pending = this.#publisher.heldBytes + this.#topicPublisher.heldBytes;
    return pending + this.#received.size * limits.mqttReceivedBytes;
  }

  /** Half as long again as the client has said; one that says 0 is never silent for too long. */
  get silenceMsMax(): number {
    const { keepAliveSeconds } = this.#connect;
    if (this.#hasLeft) return limits.mqttLeaveMsMax;
    return keepAliveSeconds === 0 ? Number.POSITIVE_INFINITY : keepAliveSeconds * 1_500;
  }

  // ---- what the client sends --------------------------------------------------------------------

  receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.#hasLeft) return;
    try {
      this.#receive(readPacket(bytes.subarray(start, end), this.#connect.version));
    } catch (error) {
      if (error instanceof MqttError) this.#mistake = error.reasonCode;
      throw error;
    }
  }

  #receive(packet: Packet): void {
    switch (packet.cmd) {
      case 'publish':
        return this.#publish(packet);
      case 'puback':
        return this.#subscriptions.onPuback(idOf(packet));
      case 'pubrec':
        return this.#subscriptions.onPubrec(idOf(packet), (packet.reasonCode ?? 0) >= 0x80);
      case 'pubcomp':
        return this.#subscriptions.onPubcomp(idOf(packet));
      case 'pubrel':
        return this.#release(idOf(packet));
      case 'subscribe':
        return this.#subscribe(packet);
      case 'unsubscribe':
        return this.#subscriptions.unsubscribe(idOf(packet), packet.unsubscriptions);
      case 'pingreq':
        return this.#write({ cmd: 'pingresp' });
      case 'disconnect':
        return this.#leave(packet.reasonCode ?? reason.success);
      default:
        throw new MqttError(reason.protocolError, `${packet.cmd} is not a client's to send`);
    }
  }

  #publish(packet: IPublishPacket): void {
    const { qos, retain, payload, properties } = packet;
    const topic = this.#topicOf(packet);
    if (!isTopicName(topic)) throw new MqttError(reason.topicInvalid, 'this is no topic');
    if (retain && this.#connect.version === 5 && !this.#isOpen)
      throw new MqttError(reason.retainUnsupported, 'no message is retained here');
    const destination = destinationOf(topic);
    if (qos === 0) {
      if (destination) this.#publisher.pass(destination, messageOf(bytesOf(payload), properties));
      else this.#topicPublisher.publish(this.#session.userId, topic, packet);
      return;
    }
    const packetId = idOf(packet);
    if (qos === 2 && this.#isRepeated(packetId)) return;
    if (qos === 2) this.#received.set(packetId, false);
    if (!destination) return this.#topicPublisher.publish(this.#session.userId, topic, packet);
    const content = messageOf(bytesOf(payload), properties);
    this.#publisher.publish(destination, content, packetId, qos);
  }

  /** Of QoS 2, until it is released: it is answered once more, and not stored. */
  #isRepeated(packetId: number): boolean {
    const isStored = this.#received.get(packetId);
    if (isStored) this.#write({ cmd: 'pubrec', messageId: packetId });
    return isStored !== undefined;
  }

  #topicOf({ topic, properties }: IPublishPacket): string {
    const alias = properties?.topicAlias;
    if (alias === undefined) return topic;
    if (alias > limits.mqttAliasesMax)
      throw new MqttError(reason.topicAliasInvalid, 'there are not so many aliases');
    if (topic !== '') this.#aliases.set(alias, topic);
    const known = this.#aliases.get(alias);
    if (known === undefined) throw new MqttError(reason.protocolError, 'nothing has this alias');
    return known;
  }

  onPublished(messageId: number, qos: 1 | 2, reasonCode: number): void {
    const isRefused = reasonCode >= 0x80;
    if (qos === 2) {
      if (isRefused) this.#received.delete(messageId);
      else this.#received.set(messageId, true);
    }
    // Before MQTT 5 an answer says that the message is stored, and nothing else.
    if (isRefused && this.#connect.version < 5)
      return this.#session.close('protocol-error', 'a message that may not be sent');
    const cmd = qos === 1 ? 'puback' : 'pubrec';
    this.#write({ cmd, messageId, ...(isRefused && { reasonCode }) });
  }

  /** One that is not known was released before, or by a server that is gone: to many clients 0x92 is a failure. */
  onRoom(): void {
    if (this.#isGreeted && !this.#publisher.isHolding && !this.#topicPublisher.isHolding)
      this.#requests.goOn();
  }

  #release(messageId: number): void {
    this.#received.delete(messageId);
    this.#write({ cmd: 'pubcomp', messageId });
  }

  #subscribe(packet: ISubscribePacket): void {
    if (packet.subscriptions.length > limits.mqttFiltersPerPacketMax)
      throw new MqttError(reason.tooLarge, 'too many filters in one packet');
    this.#subscriptions.subscribe(idOf(packet), packet);
  }

  #leave(reasonCode: number): void {
    this.#hasLeft = true;
    if (reasonCode !== reason.disconnectWithWill) this.#wills.forget(this);
  }

  // ---- what is answered -------------------------------------------------------------------------

  onAnswer(run: Omit<SubmittedRun, 'weight'>, result: SubmitResult): void {
    const { to, group, count } = run;
    const { code, seq, duplicates } = result;
    if (code === 0 && group === '' && seq > 0)
      this.#subscriptions.passOwn(to, seq, Math.max(1, count - duplicates));
    this.#publisher.onAnswer(run, result);
  }

  onPage(request: ReadFrame, result: ReadResult): void {
    this.#subscriptions.onPage(request, result);
  }

  onPresence(): void {
    // It watches nobody.
  }

  onWatchRefused(): void {
    // It watches nobody.
  }

  onOpened(result: OpenResult): void {
    this.#subscriptions.begin(result);
    this.#isGreeted = true;
    const { version, will } = this.#connect;
    this.#write({
      cmd: 'connack',
      sessionPresent: false,
      ...(version === 5
        ? { reasonCode: reason.success, properties: connackProperties(this.#connect, this.#isOpen) }
        : { returnCode: 0 }),
    });
    this.#wills.onConnected(this.#session);
    if (will) this.#wills.keep(this, this.#session, will);
    this.#requests.goOn();
  }

  // ---- what is delivered to it ------------------------------------------------------------------

  hint(timeline: string, head: number): void {
    this.#subscriptions.raise(timeline, head);
  }

  push(seq: number, { bodies }: Run, last: number): void {
    this.#subscriptions.push(seq, bodiesOf(bodies), last);
  }

  groupMessage(message: GroupDelivery): void {
    this.#subscriptions.groupMessage(message);
  }

  transient(bytes: Uint8Array, start: number, end: number, tail: Uint8Array): void {
    const body = Buffer.concat([bytes.subarray(start, end), tail]);
    const fields: MessageFields | null = scanIfReadable(body);
    if (fields) this.#subscriptions.transient('', body, fields);
  }

  onCursor(seq: number): void {
    this.#subscriptions.onCursor(seq);
  }

  marks(): void {
    // There is no topic for them.
  }

  groupFacts(): void {
    // There is no topic for them.
  }

  membership({ group, code, invitedBy }: MembershipChange): void {
    if (!invitedBy && code !== 0) this.#subscriptions.left(group);
  }

  writeClose(code: number, text: string): void {
    if (this.#hasLeft) return;
    const reasonCode = this.#mistake ?? reasonOfClose(code);
    // It is back, or about to be.
    if (code === closeCodes.replaced.code) this.#wills.onReplaced(this);
    else if (withoutWill.has(code)) this.#wills.forget(this);
    const { version, wantsReasons } = this.#connect;
    const properties = { ...(wantsReasons && { reasonString: text }) };
    if (version < 5) {
      const returnCode = this.#isGreeted ? undefined : returnCodeOf(reasonCode);
      if (returnCode !== undefined)
        this.#session.writeLive(
          encodePacket({ cmd: 'connack', sessionPresent: false, returnCode }, version),
        );
      return;
    }
    const packet: Packet = this.#isGreeted
      ? { cmd: 'disconnect', reasonCode, properties }
      : { cmd: 'connack', sessionPresent: false, reasonCode, properties };
    this.#session.writeLive(encodePacket(packet, version));
  }

  end(): void {
    this.#publisher.end();
    this.#topicPublisher.end();
    this.#subscriptions.end();
    this.#wills.onEnded(this);
  }

  #write(packet: Packet): void {
    this.#session.write(encodePacket(packet, this.#connect.version));
  }
}

function bytesOf(payload: string | Buffer): Buffer {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}

function idOf({ messageId }: { readonly messageId?: number }): number {
  return messageId ?? 0;
}
