/**
 * What an MQTT client subscribes to in the free space. What is published while it is connected is written
 * to it once, with QoS 0, if it keeps up with reading; what is retained is read from the store first.
 */
import { type RetainedResult, retaining } from '../../../api/route-api.ts';
import { mayUseTopic, topicOwnerOf } from '../../../auth/topic-access.ts';
import type { Clock } from '../../../base/clock.ts';
import { limits } from '../../../base/limits.ts';
import { RecentlyUsed } from '../../../base/recently-used.ts';
import { reason } from '../../../codec/mqtt/reasons.ts';
import type { Publications } from '../../topics/publications.ts';
import type { Publication, TopicSubscription, TopicTable } from '../../topics/topic-table.ts';
import type { Session } from '../protocol.ts';
import type { MqttConnect } from './mqtt-connect.ts';
import { encodedOnce, encodedPublication, type Form } from './mqtt-publications.ts';
import {
  MqttRetainedReads,
  type RetainedReader,
  type RetainedReadsOptions,
} from './mqtt-retained-reads.ts';

export interface TopicSubscriptionsOptions {
  readonly session: Session;
  readonly connect: MqttConnect;
  readonly publications: Publications;
  readonly topics: TopicTable;
  readonly clock: Clock;
  /** Of what users read. */
  readonly rates: RetainedReadsOptions['rates'];
}

/** The options of a subscription, as a SUBSCRIBE says them. */
export interface TopicWish {
  /** What the client itself has published is not shown to it. */
  readonly noLocal: boolean;
  /** What the client calls it; 0: nothing. */
  readonly identifier: number;
  /** Whether the client is told that something was published to be retained. */
  readonly showsRetain: boolean;
  /** What is retained is sent: 0 always, 1 to a new subscription, 2 never. */
  readonly retainHandling: 0 | 1 | 2;
}

/** What a publication has beside its payload, at the least. */
const publicationOverheadBytes = 64;

export class MqttTopicSubscriptions {
  readonly #options: TopicSubscriptionsOptions;
  readonly #feeds = new Map<string, TopicFeed>();
  readonly #reads: MqttRetainedReads;

  constructor(options: TopicSubscriptionsOptions) {
    this.#options = options;
    this.#reads = new MqttRetainedReads(options);
  }

  /** Whether it may; if so, what is retained follows. */
  subscribe(filter: string, wish: TopicWish): number {
    const { session, connect, publications, topics } = this.#options;
    const { isAssigned, clientId } = connect;
    const may = mayUseTopic({
      ...{ action: 'subscribe', topic: filter, isOpen: publications.isOpen },
      identity: { kind: 'account', userId: session.userId },
      clientId: isAssigned ? undefined : clientId,
    });
    if (!may) return reason.notAuthorized;
    const known = this.#feeds.get(filter);
    if (!known && this.#feeds.size >= limits.topicFiltersPerSessionMax) return reason.quotaExceeded;
    if (known) this.#drop(filter, known);
    const feed = new TopicFeed(this.#options, filter, wish);
    this.#feeds.set(filter, feed);
    topics.add(filter, feed);
    const { retainHandling: handling } = wish;
    if (handling === 0 || (handling === 1 && !known)) this.#reads.begin(feed);
    return reason.success;
  }

  /** False: there is none. */
  unsubscribe(filter: string): boolean {
    const feed = this.#feeds.get(filter);
    if (feed) this.#drop(filter, feed);
    return feed !== undefined;
  }

  end(): void {
    for (const [filter, feed] of this.#feeds) this.#drop(filter, feed);
    this.#reads.end();
  }

  #drop(filter: string, feed: TopicFeed): void {
    this.#options.topics.remove(filter, feed);
    this.#feeds.delete(filter);
    this.#reads.drop(feed);
  }
}

class TopicFeed implements TopicSubscription, RetainedReader {
  readonly filter: string;
  readonly #options: TopicSubscriptionsOptions;
  readonly #wish: TopicWish;
  /** While a page of what is retained is on its way: the numbers of what has come meanwhile, by topic. */
  #numbers: RecentlyUsed<string, number> | null = null;

  constructor(options: TopicSubscriptionsOptions, filter: string, wish: TopicWish) {
    this.#options = options;
    this.filter = filter;
    this.#wish = wish;
  }

  published(publication: Publication): void {
    const { session, connect } = this.#options;
    const { topic, owner, clientId, number, retain, body } = publication;
    const isOwn =
      clientId === connect.clientId &&
      owner === topicOwnerOf({ kind: 'account', userId: session.userId });
    if (isOwn && this.#wish.noLocal) return;
    if (number > 0) this.#numbers?.set(topic, number);
    // Before it is encoded: a client that takes only shorter packets never has it.
    if (body.length > connect.packetBytesMax + publicationOverheadBytes) return;
    if (!session.takesTransient()) return;
    const isRetained = this.#wish.showsRetain && retain !== retaining.not;
    this.#write(encodedOnce(publication, this.#formOf(isRetained)));
  }

  // A value is kept before it is handed on: only what comes while a page is on its way is newer.
  onAsked(): void {
    this.#numbers = new RecentlyUsed(limits.mqttNewerMax);
  }

  onPage({ topics, numbers, bodies }: RetainedResult): void {
    const form = this.#formOf(true);
    for (const [index, topic] of topics.entries())
      if ((this.#numbers?.get(topic) ?? 0) < (numbers[index] ?? 0))
        this.#write(encodedPublication({ topic, body: bodies[index] as Uint8Array }, form));
    this.#numbers = null;
  }

  #formOf(isRetained: boolean): Form {
    const { version } = this.#options.connect;
    return { version, isRetained, identifier: this.#wish.identifier };
  }

  /** A client that takes only shorter packets never has it. */
  #write(bytes: Uint8Array): void {
    const { session, connect } = this.#options;
    if (bytes.length > 0 && bytes.length <= connect.packetBytesMax) session.writeLive(bytes);
  }
}
