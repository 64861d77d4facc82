/**
 * What one MQTT client subscribes to: its inbox, and groups, each a feed of a timeline; and what it was
 * sent of them and has not acknowledged.
 */
import type { OpenResult, ReadResult } from '../../../api/route-api.ts';
import type { Clock, Timer } from '../../../base/clock.ts';
import { CimError, errorOfCode } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { isOfCim } from '../../../base/topics/topic.ts';
import type { ReadFrame } from '../../../codec/client-frame.ts';
import { lobby } from '../../../codec/commands.ts';
import { markKind } from '../../../codec/generated/wire.ts';
import { MarkGather } from '../../../codec/mark-gather.ts';
import { type MessageFields, scanIfReadable } from '../../../codec/message-scan.ts';
import { encodePacket, type ISubscribePacket, type Packet } from '../../../codec/mqtt/packets.ts';
import { MqttError, reason } from '../../../codec/mqtt/reasons.ts';
import type { ServerLimits } from '../../../limits/server-limits.ts';
import type { GroupDelivery } from '../../groups/group-message.ts';
import type { Requests } from '../../sessions/requests.ts';
import type { Publications } from '../../topics/publications.ts';
import type { TopicTable } from '../../topics/topic-table.ts';
import type { Session } from '../protocol.ts';
import type { MqttConnect } from './mqtt-connect.ts';
import {
  type FeedMessage,
  type FeedOwner,
  MqttFeed,
  type QoS,
  type Subscription,
} from './mqtt-feed.ts';
import { saysNothing, shownMessage } from './mqtt-messages.ts';
import { MqttTopicSubscriptions, type TopicWish } from './mqtt-topic-subscriptions.ts';
import { hasWildcard, isFilter, timelineOfFilter, topicOfTimeline } from './mqtt-topics.ts';
import { MqttWindow } from './mqtt-window.ts';

export interface MqttSubscriptionsOptions {
  readonly session: Session;
  readonly connect: MqttConnect;
  readonly requests: Requests;
  readonly clock: Clock;
  readonly publications: Publications;
  readonly topics: TopicTable;
  /** Of what users read. */
  readonly rates: Pick<ServerLimits, 'holdReads' | 'reads'>;
  readonly write: (packet: Packet) => void;
}

/** A SUBSCRIBE some of whose groups have not answered yet. */
interface Asked {
  readonly packetId: number;
  readonly granted: number[];
  left: number;
  /** With QoS 2, where it was before. */
  isInboxResumed: boolean;
}

/** A filter of a SUBSCRIBE whose group has not answered. */
interface Waiter {
  readonly asked: Asked;
  readonly index: number;
}

export class MqttSubscriptions implements FeedOwner {
  readonly #options: MqttSubscriptionsOptions;
  readonly #feeds = new Map<string, MqttFeed>();
  /** Groups of which it is not known yet whether the client may follow them, and where to tell. */
  readonly #asked = new Map<string, Waiter[]>();
  /** Of groups: up to where the client has acknowledged. */
  readonly #groupCursors = new Map<string, number>();
  readonly #window: MqttWindow;
  /** In the free space. */
  readonly #topics: MqttTopicSubscriptions;
  readonly #delivered = new MarkGather(limits.markSourcesHeldMax);
  #opened: OpenResult | null = null;
  #retry: Timer | null = null;
  /** Of the user's own timeline: what was acknowledged, and what of that the store has. */
  #cursor = 0;
  #stored = 0;
  #cursorRetry: Timer | null = null;

  constructor(options: MqttSubscriptionsOptions) {
    this.#options = options;
    this.#window = new MqttWindow(options.connect.receiveMax);
    this.#topics = new MqttTopicSubscriptions(options);
  }

  /** The login is done. */
  begin(opened: OpenResult): void {
    this.#opened = opened;
  }

  end(): void {
    this.#retry?.cancel();
    this.#cursorRetry?.cancel();
    for (const feed of this.#feeds.values()) feed.end();
    this.#topics.end();
  }

  // ---- subscribing ------------------------------------------------------------------------------

  subscribe(packetId: number, { subscriptions, properties }: ISubscribePacket): void {
    const identifier = properties?.subscriptionIdentifier ?? 0;
    const asked: Asked = { packetId, granted: [], left: 1, isInboxResumed: false };
    for (const [
      index,
      { topic, qos, nl = false, rap = false, rh = 0 },
    ] of subscriptions.entries()) {
      if (!isFilter(topic)) throw new MqttError(reason.filterInvalid, 'this is no topic filter');
      const subscription = { qos, noLocal: nl, identifier };
      const wish = { ...subscription, showsRetain: rap, retainHandling: rh as 0 | 1 | 2 };
      const granted = isOfCim(topic)
        ? this.#subscribe(topic, subscription, asked, index)
        : this.#subscribeFree(topic, wish);
      if (granted !== undefined) asked.granted[index] = granted;
    }
    this.#answered(asked);
    if (asked.isInboxResumed) this.#releaseEarlier();
    for (const feed of this.#feeds.values()) feed.advance();
  }

  unsubscribe(messageId: number, filters: readonly string[]): void {
    const granted = filters.map((filter) => {
      if (this.#topics.unsubscribe(filter)) return reason.success;
      const timeline = timelineOfFilter(filter);
      const feed = timeline === undefined ? undefined : this.#feeds.get(timeline);
      if (!feed) return reason.noSubscription;
      this.#drop(feed);
      return reason.success;
    });
    this.#options.write({ cmd: 'unsuback', messageId, granted });
  }

  /** The user is in this group no more. */
  left(group: string): void {
    const feed = this.#feeds.get(group);
    if (feed) this.#drop(feed);
  }

  /** What the client is told of it; undefined: it is told when a route has answered. */
  #subscribe(
    filter: string,
    wanted: Subscription,
    asked: Asked,
    index: number,
  ): number | undefined {
    if (hasWildcard(filter)) return this.#refused(reason.wildcardUnsupported);
    const timeline = timelineOfFilter(filter);
    if (timeline === undefined) return this.#refused(reason.notAuthorized);
    // Of a group the cursor is its user's, not the device's: a failure may tell something again.
    const qos: QoS = timeline === '' || wanted.qos === 0 ? wanted.qos : 1;
    const subscription = { ...wanted, qos };
    const known = this.#feeds.get(timeline);
    if (known) {
      known.subscription = subscription;
      const waiters = this.#asked.get(timeline);
      if (!waiters) return qos;
      waiters.push({ asked, index });
      asked.left += 1;
      asked.granted[index] = qos;
      return undefined;
    }
    if (this.#feeds.size >= limits.mqttSubscriptionsMax) return this.#refused(reason.quotaExceeded);
    const after = this.#startOf(timeline);
    const feed = new MqttFeed(this, timeline, subscription, after);
    this.#feeds.set(timeline, feed);
    if (timeline === '') {
      asked.isInboxResumed = qos === 2 && !this.#options.connect.isClean;
      feed.expect(this.#options.session.newest);
      return qos;
    }
    if (timeline === lobby) return qos;
    // To read a group's timeline is to follow it: a route says whether the user may.
    asked.left += 1;
    asked.granted[index] = qos;
    this.#asked.set(timeline, [{ asked, index }]);
    feed.begin();
    return undefined;
  }

  /** Granted with QoS 0 at most: what is published there is not stored. */
  #subscribeFree(filter: string, wish: TopicWish): number {
    if (filter.startsWith('$share/')) return this.#refused(reason.sharedUnsupported);
    if (hasWildcard(filter) && !this.#options.publications.isOpen)
      return this.#refused(reason.wildcardUnsupported);
    try {
      const code = this.#topics.subscribe(filter, wish);
      return code === reason.success ? 0 : this.#refused(code);
    } catch (error) {
      if (error instanceof CimError) return this.#refused(reason.filterInvalid);
      throw error;
    }
  }

  /** Before MQTT 5 there is one word for all. */
  #refused(code: number): number {
    return this.#options.connect.version === 5 ? code : 0x80;
  }

  /** Where a new subscription begins: behind all that there was (null: of which nobody has told), or where it had got. */
  #startOf(timeline: string): number | null {
    const { isClean } = this.#options.connect;
    const opened = this.#opened as OpenResult;
    if (timeline === '')
      return isClean ? this.#options.session.newest : Math.max(opened.cursor, this.#cursor);
    if (timeline === lobby) return opened.groupHead;
    const membership = opened.groups.find(({ group }) => group === timeline);
    const { head = null, cursor = 0 } = membership ?? {};
    return isClean ? head : Math.max(cursor, this.#groupCursors.get(timeline) ?? 0);
  }

  /** A PUBREL may have got lost: the client holds the message back until it comes. */
  #releaseEarlier(): void {
    const { cursor } = this.#opened as OpenResult;
    for (const messageId of this.#window.earlier(cursor))
      this.#options.write({ cmd: 'pubrel', messageId });
  }

  #answered(asked: Asked): void {
    asked.left -= 1;
    if (asked.left > 0) return;
    this.#options.write({ cmd: 'suback', messageId: asked.packetId, granted: asked.granted });
  }

  #drop(feed: MqttFeed, code?: number): void {
    const { timeline } = feed;
    feed.end();
    this.#feeds.delete(timeline);
    if (timeline !== '' && timeline !== lobby) this.#options.requests.unfollow(timeline);
    this.#settleAsked(timeline, code);
  }

  /** Whoever waits to be told of it is; `code`: that they may not follow it. */
  #settleAsked(timeline: string, code?: number): void {
    const waiters = this.#asked.get(timeline) ?? [];
    this.#asked.delete(timeline);
    for (const { asked, index } of waiters) {
      if (code !== undefined) asked.granted[index] = this.#refused(code);
      this.#answered(asked);
    }
  }

  // ---- what comes of timelines ------------------------------------------------------------------

  raise(timeline: string, head: number): void {
    this.#feeds.get(timeline)?.raise(head);
  }

  push(seq: number, bodies: readonly Uint8Array[], last: number): void {
    const feed = this.#feeds.get('');
    if (!feed) return;
    if (!feed.takes(seq, bodies.length) || !this.#options.session.takesLive('', last))
      return feed.raise(last);
    for (const [index, body] of bodies.entries())
      feed.give(seq + index, body, scanIfReadable(body));
  }

  /** The client's own messages took these numbers of its timeline, from the first one on. */
  passOwn(to: number, seq: number, count: number): void {
    const feed = this.#feeds.get('');
    if (to === this.#options.session.userId) feed?.raise(seq + count - 1);
    else for (let index = 0; index < count; index++) feed?.pass(seq + index);
  }

  groupMessage(message: GroupDelivery): void {
    const { group, seq, body, fields } = message;
    const feed = this.#feeds.get(group);
    if (!feed) return;
    if (seq === 0) {
      if (fields && this.#options.session.takes(message)) this.transient(group, body, fields);
    } else if (feed.takes(seq, 1) && this.#options.session.takes(message)) {
      feed.give(seq, body, fields);
    } else {
      feed.raise(seq);
    }
  }

  transient(timeline: string, body: Uint8Array, fields: MessageFields): void {
    const feed = this.#feeds.get(timeline);
    if (!feed || saysNothing(fields) || !this.isShown(timeline, fields, feed.subscription)) return;
    this.#write(timeline, feed.subscription, { seq: 0, body, fields }, 0, 0);
  }

  onPage({ group }: ReadFrame, result: ReadResult): void {
    const feed = this.#feeds.get(group);
    if (!feed) return;
    if (result.code === 0) {
      this.#settleAsked(group);
      feed.onPage(result);
      return;
    }
    feed.onFailedPage();
    const error = errorOfCode(result.code);
    const isRefused = error === 'not-a-member' || error === 'unknown-group' || error === 'too-many';
    if (isRefused || this.#asked.has(group)) {
      this.#drop(feed, isRefused ? reason.notAuthorized : reason.unspecified);
    } else {
      this.#readOnLater();
    }
  }

  #readOnLater(): void {
    this.#retry ??= this.#options.clock.setTimeout(() => {
      this.#retry = null;
      this.#advance();
    }, limits.mqttRetryMs);
  }

  // ---- what the client acknowledges -------------------------------------------------------------

  onPuback(packetId: number): void {
    if (this.#window.acknowledge(packetId)) this.#advance();
  }

  onPubrec(messageId: number, isRefused: boolean): void {
    const isKnown = this.#window.receive(messageId, isRefused);
    // One that is not known was sent by a server that is gone, and has been released.
    if (!isRefused && (!isKnown || this.#window.isReleased(messageId)))
      this.#options.write({ cmd: 'pubrel', messageId });
    if (isRefused) this.#advance();
  }

  onPubcomp(packetId: number): void {
    if (this.#window.complete(packetId)) this.#advance();
  }

  /** The store has the cursor. */
  onCursor(seq: number): void {
    this.#stored = Math.max(this.#stored, seq);
    for (const messageId of this.#window.releasable(seq))
      this.#options.write({ cmd: 'pubrel', messageId });
  }

  #advance(): void {
    for (const feed of this.#feeds.values()) feed.advance();
  }

  // ---- FeedOwner --------------------------------------------------------------------------------

  get room(): number {
    return this.#window.room;
  }

  get pageRoom(): number {
    return this.#window.pageRoom;
  }

  read(group: string, after: number, limit: number): void {
    this.#options.requests.read({ group, after, afterIdentity: '', limit });
  }

  send(feed: MqttFeed, message: FeedMessage, qos: QoS): void {
    const { timeline, subscription } = feed;
    const packetId = qos === 0 ? 0 : this.#window.add(feed, message, qos);
    const isWritten = this.#write(timeline, subscription, message, packetId, qos);
    // A client that takes only shorter packets never has it: it counts as acknowledged.
    if (!isWritten && qos > 0) this.#window.skip(packetId);
  }

  moved({ timeline }: MqttFeed, seq: number): void {
    if (timeline === '') this.#moveCursor(seq);
    else if (timeline !== lobby) {
      this.#groupCursors.set(timeline, seq);
      this.#options.requests.acknowledge({ group: timeline, seq, marks: [] });
    }
  }

  /** Of QoS 2 nothing goes on until the store has it: what got lost is said again. */
  #moveCursor(seq: number): void {
    const { session, clock } = this.#options;
    this.#cursor = seq;
    session.moveCursor(seq, this.#delivered.take(limits.marksPerFrameMax));
    this.#cursorRetry ??= clock.setInterval(() => {
      if (this.#stored < this.#cursor) return session.moveCursor(this.#cursor, []);
      this.#cursorRetry?.cancel();
      this.#cursorRetry = null;
    }, limits.mqttCursorRetryMs);
  }

  isShown(timeline: string, fields: MessageFields, { noLocal }: Subscription): boolean {
    const { userId, epochHex } = this.#options.session;
    const isOwn = fields.from === userId && fields.epochHex === epochHex;
    if (isOwn && noLocal) return false;
    return timeline !== '' || (fields.group === '' && fields.to === userId);
  }

  /** False: it is longer than the client takes. */
  #write(
    timeline: string,
    { identifier }: Subscription,
    { seq, body, fields }: Pick<FeedMessage, 'seq' | 'body' | 'fields'>,
    messageId: number,
    qos: QoS,
  ): boolean {
    const { connect, session } = this.#options;
    const { payload, properties } = shownMessage(body, fields, seq);
    const packet: Packet = {
      cmd: 'publish',
      ...{ topic: topicOfTimeline(timeline), payload, qos, dup: false, retain: false },
      ...(qos > 0 && { messageId }),
      ...(connect.version === 5 && {
        properties: {
          ...properties,
          ...(identifier > 0 && { subscriptionIdentifier: identifier }),
        },
      }),
    };
    const bytes = encodePacket(packet, connect.version);
    if (bytes.length > connect.packetBytesMax) return false;
    session.writeLive(bytes);
    if (timeline === '' && seq > 0 && fields.from !== session.userId) {
      const { from, epochHex, sendSeq } = fields;
      this.#delivered.add({ from, epochHex, sendSeq, seq, kind: markKind.delivered });
    }
    return true;
  }
}
