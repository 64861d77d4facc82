/**
 * What arrives. It gives frames to the timelines that they are about (timelines.ts). It gives
 * messages to the application (delivery-queue.ts), opened first where they are sealed
 * (opening-queue.ts). It acknowledges what the application took, to the server and to the device's
 * state.
 */
import type { Clock, Timer } from '../../../base/clock.ts';
import { CimError, errorTable } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { epochBytes } from '../../../codec/acknowledgement.ts';
import { command } from '../../../codec/commands.ts';
import type { Mark } from '../../../codec/generated/link.ts';
import { sourceOf, transientIdentity } from '../../../codec/identity.ts';
import { fromHex, toHex } from '../../../codec/message-scan.ts';
import type { ServerFrame } from '../../../codec/sdk-frame.ts';
import type { Ack, WelcomeGroup } from '../../../codec/server-frame.ts';
import type { RequestFields } from '../connection/connection.ts';
import type { Numbered, OwnMarks } from '../conversations/own-marks.ts';
import type { DeviceState, SavedCursor } from '../device-state.ts';
import type { Encryption } from '../e2ee/encryption.ts';
import type { Outgoing } from '../sending/outgoing.ts';
import { DeliveryQueue, type DeliveryQueueOptions } from './delivery-queue.ts';
import type { FollowedTimeline } from './followed-timeline.ts';
import type { GroupNews } from './group-news.ts';
import { OpeningQueue } from './opening-queue.ts';
import type { Received } from './received.ts';
import type { Entry, Gap } from './timeline-cursor.ts';
import { type GroupChanges, own, Timelines } from './timelines.ts';
import { Trail } from './trail.ts';

export interface IncomingOptions extends Omit<DeliveryQueueOptions, 'onTaken'> {
  /** The application has taken something. */
  readonly onTaken: () => void;
  readonly userId: number;
  readonly epochHex: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly state: DeviceState;
  readonly outgoing: Outgoing;
  /** How far the user has got: told with acknowledgements. */
  readonly marks: OwnMarks;
  readonly encryption: Encryption;
  readonly write: (fields: RequestFields) => void;
  readonly onGap: (group: string, gap: Gap) => void;
  /** Is told what the server says of groups: the user may have joined or left on another device. */
  readonly groupNews: Pick<GroupNews, 'tell' | 'changed' | 'invited'>;
}

/**
 * What was taken is acknowledged and saved this long after, all of it at once: acknowledgements are
 * cumulative, a save is a flush to disk.
 */
const settleMs = 200;
/**
 * So many taken are acknowledged at once: a device that dies is not to be sent more of them again.
 */
const acknowledgeMessages = 100;
/** Of this device and of routes. */
const clocksApartMsMax = 3_600_000;
/** The codes with which a read of a group is refused for good. */
const refusals: ReadonlySet<number> = new Set([
  Number(errorTable['not-a-member'].code),
  Number(errorTable['unknown-group'].code),
]);

const removed = Number(errorTable['removed-from-group'].code);

export class Incoming {
  readonly #options: IncomingOptions;
  readonly #deliveries: DeliveryQueue;
  /** By timeline: none waits for what is to be opened of another. */
  readonly #opening = new Map<string, OpeningQueue>();
  readonly #openingTransients: OpeningQueue;
  readonly #timelines: Timelines;
  readonly #trail = new Trail();
  #online = false;
  /** Messages taken since the last acknowledgement. */
  #takenCount = 0;
  #settleTimer: Timer | null = null;

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.#deliveries = new DeliveryQueue({
      ...options,
      onTaken: (message) => this.#taken(message),
    });
    this.#openingTransients = this.#newOpening();
    this.#timelines = new Timelines({
      state: options.state,
      random: options.random,
      since: options.clock.now() - clocksApartMsMax,
      untakenCount: () => this.#deliveries.untakenCount + this.#openingCount,
      emit: (timeline, entry) => this.#hand(timeline, entry),
    });
  }

  connected(welcome: ServerFrame, isOtherStore: boolean): void {
    const { cursor, head, groupHead: lobbyHead } = welcome;
    this.#online = true;
    const groups = welcome.groups.map(welcomeGroupOf);
    const { encryption } = this.#options;
    for (const { group, keyEpoch } of welcome.groups)
      encryption.groups.learn(group ?? '', keyEpoch ?? 0);
    this.#tell(this.#timelines.connected({ cursor, head, lobbyHead, groups, isOtherStore }));
    this.#options.marks.connected();
    this.#settleSoon();
  }

  disconnected(): void {
    this.#online = false;
    this.#trail.clear();
    this.#timelines.disconnected();
  }

  message(frame: ServerFrame): void {
    const { from, to, group, sendSeq, seq, at } = frame;
    if (seq > 0 && !isSound(frame)) return this.unreadable(seq);
    if (seq > 0) this.#trail.add(seq);
    const timeline = this.#timelines.get(group);
    if (!timeline || (seq === 0 && !(frame.transient && isSound(frame)))) return;
    const epochHex = toHex(frame.fromEpoch);
    const source = sourceOf(from, epochHex, to, group);
    const isOwn = from === this.#options.userId && epochHex === this.#options.epochHex;
    if (seq === 0) {
      const id = transientIdentity(source, sendSeq);
      if (!isOwn) this.#handTransient({ ...messageOf(id, frame), seq: 0, transient: true });
      return this.#deliveries.deliver();
    }
    const identity = `${source}.${sendSeq}`;
    // Seen where it is stored once. Of a message to somebody else this is only the sender's copy: the
    // receiver's may still be missing, and the message has to be sent until it is acknowledged.
    if (isOwn && (group !== '' || to === from))
      this.#options.outgoing.confirmed(to, group, sendSeq, seq);
    const content = isOwn ? null : messageOf(identity, frame);
    timeline.cursor.arrived({ seq, identity, at, content }, this.#now());
    this.#deliveries.deliver();
  }

  /**
   * A message with this number that nobody can read, of whatever timeline. That is found out where
   * it comes in a page; pages are contiguous, and end with a word of whose they are.
   */
  unreadable(seq: number): void {
    this.#trail.add(seq);
    for (const { cursor } of this.#timelines.all()) cursor.doubted(seq);
  }

  /** An own message was stored under this number: it counts as seen. */
  stored({ to, group, sendSeq, seq }: Ack): void {
    const { userId, epochHex } = this.#options;
    const identity = `${sourceOf(userId, epochHex, to, group)}.${sendSeq}`;
    const timeline = this.#timelines.get(group);
    if (!timeline || seq === 0) return;
    timeline.cursor.arrived({ seq, identity, at: 0, content: null }, this.#now());
    this.#deliveries.deliver();
  }

  pageEnded(page: ServerFrame): void {
    const last = this.#trail.end(page.after);
    const cursor = this.#timelines.get(page.group)?.cursor;
    if (!cursor?.isReading(page.after)) return;
    if (refusals.has(page.code)) return this.#dropped(page.group, 'missing');
    const gap = cursor.pageEnded(page, last, this.#now());
    if (gap) this.#options.onGap(page.group, gap);
    this.#deliveries.deliver();
  }

  hinted({ group, head }: ServerFrame): void {
    this.#timelines.get(group)?.cursor.hinted(head);
  }

  /** The server's word that the user has joined a group, left it or is invited, or what it is. */
  groupChanged({ group, code, after: joined, head, facts, from: by, keyEpoch }: ServerFrame): void {
    if (facts) this.#options.groupNews.changed(group, facts);
    else if (by > 0) this.#options.groupNews.invited(group, by);
    else if (code === 0) {
      this.#options.encryption.groups.learn(group, keyEpoch);
      this.joined({ group, joined, head });
    } else this.#dropped(group, code === removed ? 'removed' : 'told');
  }

  /** The user is in this group now: it is followed. */
  joined(membership: Pick<WelcomeGroup, 'group' | 'joined' | 'head'>): void {
    if (this.#timelines.joined(membership))
      this.#tell({ joined: [membership.group], left: [], how: 'told' });
    this.#settleSoon();
  }

  /** The user is in this group no longer. */
  left(group: string): void {
    this.#dropped(group, 'told');
  }

  /** It was shown, and with it what came before in its conversation. */
  markRead(message: Numbered | string): void {
    const { marks } = this.#options;
    if (typeof message !== 'string') marks.read(message);
    else {
      const seq = this.#timelines.numberOf(message);
      if (seq === undefined)
        throw new CimError('invalid-argument', `${message} was not shown here lately`);
      marks.read({ id: message, seq });
    }
    this.#settleSoon();
  }

  #dropped(group: string, how: GroupChanges['how']): void {
    this.#options.marks.left(group);
    this.#opening.delete(group);
    if (this.#timelines.left(group)) this.#tell({ joined: [], left: [group], how });
  }

  /** The named groups that are followed. */
  get groups(): readonly string[] {
    return this.#timelines.groups;
  }

  /** Asks for what is missing, if it is time, and if there is somebody to give it to. */
  advance(now: number): void {
    if (!this.#options.listener()) return;
    this.#timelines.read(now, (group, read) =>
      this.#options.write({ cmd: command.read, ...(group !== own && { group }), ...read }),
    );
  }

  /** When to call `advance` even if nothing else happens; Infinity: not at all. */
  wakeAt(now: number): number {
    return this.#options.listener() ? this.#timelines.wakeAt(now) : Infinity;
  }

  /** Since when a read is unanswered; Infinity: none is. */
  get waitingSince(): number {
    return this.#timelines.waitingSince;
  }

  /** Somebody listens now. */
  listening(): void {
    this.#deliveries.deliver();
  }

  /** Nothing is delivered any more; acknowledges and saves what was. */
  stop(): void {
    this.#deliveries.stop();
    this.#settle();
  }

  #hand(timeline: FollowedTimeline, entry: Entry<Received>): void {
    const handOn = (content: Parameters<DeliveryQueue['add']>[2]) =>
      this.#deliveries.add(timeline, entry, content);
    const opening = this.#opening.get(timeline.group) ?? this.#newOpening();
    this.#opening.set(timeline.group, opening);
    opening.add(entry.content, handOn);
  }

  #newOpening(): OpeningQueue {
    return new OpeningQueue({ ...this.#options, onOpened: () => this.#deliveries.deliver() });
  }

  get #openingCount(): number {
    let count = 0;
    for (const { length } of this.#opening.values()) count += length;
    return count;
  }

  #handTransient(message: Received): void {
    if (this.#openingTransients.length >= limits.clientTransientsHeldMax) return;
    this.#openingTransients.add(message, (content) => {
      // Of what nobody asks for again, and nobody can read, there is nothing to show.
      if (content && !content.unreadable) this.#deliveries.addTransient(content);
    });
  }

  #tell(changes: GroupChanges): void {
    if (changes.joined.length > 0 || changes.left.length > 0) this.#options.groupNews.tell(changes);
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }

  // ---- acknowledged and saved -------------------------------------------------------------------

  #taken(message: Numbered | null): void {
    if (message) this.#options.marks.delivered(message);
    this.#takenCount += 1;
    if (this.#takenCount >= acknowledgeMessages) this.#acknowledge();
    this.#settleSoon();
    this.#options.onTaken();
  }

  #settleSoon(): void {
    this.#settleTimer ??= this.#options.clock.setTimeout(() => this.#settle(), settleMs);
  }

  #settle(): void {
    this.#settleTimer?.cancel();
    this.#settleTimer = null;
    if (this.#acknowledge(limits.clientMarksAtOnceMax)) this.#settleSoon();
    if (!this.#options.state.ephemeral) this.#save();
  }

  /** With up to so many marks, as each costs more than that; whether there are more. */
  #acknowledge(marksMax = 0): boolean {
    this.#takenCount = 0;
    if (!this.#online) return false;
    let room = marksMax;
    let hasMore = false;
    for (const timeline of this.#timelines.acknowledged()) {
      const { group } = timeline;
      const marks = this.#options.marks.take(group, room);
      room -= marks.length;
      hasMore ||= this.#options.marks.has(group);
      const after = timeline.acknowledge();
      if (after === null && marks.length === 0) continue;
      this.#options.write({
        cmd: command.ack,
        ...(group !== own && { group }),
        after: timeline.acknowledgedSeq,
        ...(marks.length > 0 && { marks: marks.map(markFields) }),
      });
    }
    return hasMore;
  }

  #save(): void {
    const cursors = new Map<string, SavedCursor>();
    for (const timeline of this.#timelines.all()) {
      const cursor = timeline.save();
      if (cursor) cursors.set(timeline.group, cursor);
    }
    if (cursors.size > 0) this.#options.state.move(cursors);
  }
}

function markFields({ from, epochHex, sendSeq, seq, kind }: Mark) {
  return { from, epoch: fromHex(epochHex), sendSeq, seq, kind };
}

function welcomeGroupOf(membership: ServerFrame['groups'][number]): WelcomeGroup {
  const { group, joined, cursor, head, keyEpoch } = membership;
  const numbers = { joined: joined ?? 0, cursor: cursor ?? 0, head: head ?? 0 };
  return { group: group ?? '', ...numbers, keyEpoch: keyEpoch ?? 0 };
}

/** The last moment that a Date can tell. */
const dateMax = 8.64e15;

/** Whether the server's own words in a message are what a server says. */
function isSound({ from, fromEpoch, to, sendSeq, at }: ServerFrame): boolean {
  const areNumbers = [from, to, sendSeq, at].every(Number.isSafeInteger);
  return areNumbers && from > 0 && fromEpoch.length === epochBytes && at <= dateMax;
}

function messageOf(id: string, frame: ServerFrame): Received {
  const { from, fromName, to, group, resMsg: text, sealed, content, silent, seq, at } = frame;
  const target = group === '' ? { to } : { group };
  const known = {
    id,
    from,
    fromName,
    ...target,
    seq,
    at,
    ...(silent && { silent: true as const }),
  };
  // The frame's bytes are in a buffer that is used again.
  const message = { ...known, ...(content.length > 0 && { content: content.slice() }) };
  if (sealed.length === 0) return { ...message, text };
  const { keyEpoch } = frame;
  return { ...message, text: '', sealed: sealed.slice(), ...(group !== '' && { keyEpoch }) };
}
