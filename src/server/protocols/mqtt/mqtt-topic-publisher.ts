/**
 * What an MQTT client publishes to topics of the free space: hands it to a route in its order, again if
 * none took it, and tells the client when it was handed on, or never will be.
 */
import { type PublishEntry, retaining } from '../../../api/route-api.ts';
import { mayUseTopic, type TopicIdentity, topicOwnerOf } from '../../../auth/topic-access.ts';
import type { Clock, Timer } from '../../../base/clock.ts';
import { errorOfCode } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { IPublishPacket } from '../../../codec/mqtt/packets.ts';
import { isPassing, reason, reasonOfRefusal } from '../../../codec/mqtt/reasons.ts';
import type { Requests } from '../../sessions/requests.ts';
import type { Publications } from '../../topics/publications.ts';
import { publicationOf } from './mqtt-publications.ts';
import type { PublisherOwner } from './mqtt-publisher.ts';

export interface TopicPublisherOptions {
  readonly owner: PublisherOwner;
  readonly requests: Requests;
  readonly publications: Publications;
  readonly clock: Clock;
  readonly clientId: string;
  /** The server has drawn the id of the client: it gives no rights. */
  readonly isAssigned: boolean;
}

interface Pending {
  readonly entry: PublishEntry;
  readonly packetId: number;
  readonly qos: 0 | 1 | 2;
  isSent: boolean;
}

export class MqttTopicPublisher {
  readonly #options: TopicPublisherOptions;
  readonly #pending: Pending[] = [];
  #bytes = 0;
  /** Set while it waits to send again what no route took. */
  #retry: Timer | null = null;
  #isEnded = false;

  constructor(options: TopicPublisherOptions) {
    this.#options = options;
  }

  get heldBytes(): number {
    return this.#bytes;
  }

  /** The client is not to be read from. */
  get isHolding(): boolean {
    const isFull =
      this.#pending.length >= limits.mqttInFlightMax ||
      this.#bytes >= limits.inFlightBytesPerConnectionMax;
    return isFull || this.#retry !== null;
  }

  /** `onPublished` follows for QoS 1 and 2, while the connection lasts. */
  publish(userId: number, topic: string, packet: IPublishPacket): void {
    const { owner, publications, clock } = this.#options;
    const { qos, messageId: packetId = 0 } = packet;
    const refused = (code: number) => {
      if (qos > 0) owner.onPublished(packetId, qos as 1 | 2, code);
    };
    const identity: TopicIdentity = { kind: 'account', userId };
    const { clientId, isAssigned } = this.#options;
    const may = mayUseTopic({
      ...{ action: 'publish', topic, identity, isOpen: publications.isOpen },
      clientId: isAssigned ? undefined : clientId,
    });
    if (!may) return refused(reason.notAuthorized);
    const { payload, retain, properties } = packet;
    const entry = publicationOf({
      ...{ topic, payload: bytesOf(payload), retain, properties, at: clock.now() },
      ...{ owner: topicOwnerOf(identity), clientId },
    });
    if (entry.body.length > limits.publicationBytesMax) return refused(reasonOfRefusal('too-long'));
    const pending = { entry, packetId, qos, isSent: false };
    this.#pending.push(pending);
    this.#bytes += weightOf(pending);
    if (this.#retry === null && !this.#waitsForEarlier(pending)) this.#send(pending);
    if (this.isHolding) this.#options.requests.pause();
  }

  end(): void {
    this.#isEnded = true;
    this.#retry?.cancel();
  }

  /** What is to be retained waits for what came before it on its topic: the newest stays. */
  #waitsForEarlier(pending: Pending): boolean {
    const { topic, retain } = pending.entry;
    if (retain === retaining.not) return false;
    const first = this.#pending.find(
      ({ entry }) => entry.topic === topic && entry.retain !== retaining.not,
    );
    return first !== pending;
  }

  #send(pending: Pending): void {
    if (!this.#options.requests.mayPublish(pending.entry.body.length))
      return this.#postpone(pending);
    pending.isSent = true;
    this.#options.publications.publish(pending.entry, ({ code }) => {
      if (!this.#isEnded) this.#answered(pending, code);
    });
  }

  #answered(pending: Pending, code: number): void {
    if (code === 0) return this.#settle(pending, reason.success);
    const error = errorOfCode(code);
    if (isPassing(error)) this.#postpone(pending);
    else
      this.#settle(pending, error === 'too-many' ? reason.quotaExceeded : reasonOfRefusal(error));
  }

  /** At most once is dropped, the others are sent again later, in their order. */
  #postpone(pending: Pending): void {
    if (pending.qos === 0) return this.#settle(pending, reason.success);
    pending.isSent = false;
    this.#retry ??= this.#options.clock.setTimeout(() => {
      this.#retry = null;
      for (const waiting of [...this.#pending]) {
        if (this.#retry !== null) return;
        if (!waiting.isSent && !this.#waitsForEarlier(waiting)) this.#send(waiting);
      }
      this.#options.owner.onRoom();
    }, limits.mqttRetryMs);
  }

  #settle(pending: Pending, code: number): void {
    this.#pending.splice(this.#pending.indexOf(pending), 1);
    this.#bytes -= weightOf(pending);
    const { owner } = this.#options;
    const { packetId, qos } = pending;
    if (qos > 0) owner.onPublished(packetId, qos as 1 | 2, code);
    this.#sendNextOf(pending.entry);
    owner.onRoom();
  }

  /** What has waited for this one, on its topic. */
  #sendNextOf({ topic, retain }: PublishEntry): void {
    if (retain === retaining.not || this.#retry !== null) return;
    const next = this.#pending.find(
      ({ entry }) => entry.topic === topic && entry.retain !== retaining.not,
    );
    if (next && !next.isSent) this.#send(next);
  }
}

function bytesOf(payload: string | Buffer): Buffer {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}

function weightOf({ entry }: Pending): number {
  return entry.body.length + limits.inFlightOverheadBytes;
}
