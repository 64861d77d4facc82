/**
 * The timelines that a client follows: its user's own, the lobby's, and that of each named group
 * that the user is in; where each is begun, and when each is to be read.
 *
 * A named group is read at every login, whether it has something new or not: the read is what makes
 * the server push what comes.
 */
import { limits } from '../../../base/limits.ts';
import { lobby } from '../../../codec/commands.ts';
import type { Welcome, WelcomeGroup } from '../../../codec/server-frame.ts';
import type { DeviceState } from '../device-state.ts';
import {
  FollowedTimeline,
  type FollowedTimelineOptions,
  type Surroundings,
} from './followed-timeline.ts';
import type { ReadRequest } from './timeline-cursor.ts';

export interface TimelinesOptions extends Surroundings {
  readonly state: DeviceState;
  /** When this client was started, at the latest; ms since 1970. */
  readonly since: number;
}

/** What a login tells. */
type Arrival = Pick<Welcome, 'cursor' | 'head' | 'lobbyHead' | 'groups'> & {
  /** Not the store where this device was before. */
  readonly isOtherStore: boolean;
};

/** The groups that the user turns out to be in, or to be in no longer. */
export interface GroupChanges {
  readonly joined: readonly string[];
  readonly left: readonly string[];
  /**
   * How the latter is known: a server told of it as it happened, as a removal or otherwise; they were
   * missing at a login; or at a login in another store than before.
   */
  readonly how: 'told' | 'removed' | 'missing' | 'other-store';
}

/** The key of one's own timeline among the groups. */
export const own = '';

export class Timelines {
  readonly #options: TimelinesOptions;
  readonly #followed = new Map<string, FollowedTimeline>();
  #online = false;

  constructor(options: TimelinesOptions) {
    this.#options = options;
  }

  get(group: string): FollowedTimeline | undefined {
    return this.#followed.get(group);
  }

  /** The named ones among them. */
  get groups(): readonly string[] {
    return [...this.#followed.keys()].filter((group) => group !== own && group !== lobby);
  }

  all(): Iterable<FollowedTimeline> {
    return this.#followed.values();
  }

  /** All but the lobby, of which every login begins at its end. */
  *acknowledged(): Iterable<FollowedTimeline> {
    for (const timeline of this.#followed.values()) if (timeline.group !== lobby) yield timeline;
  }

  /**
   * Logged in. A device that was never seen before starts where the server says, a new epoch at the
   * head of the lobby.
   */
  connected(welcome: Arrival): GroupChanges {
    const { state } = this.#options;
    const beginsAt = welcome.isOtherStore ? 0 : undefined;
    this.#online = true;
    const isNew = !this.#followed.has(own) && !state.cursorOf(own);
    const timeline = this.get(own) ?? this.#followOwn(welcome.cursor);
    timeline.acknowledgedUpTo(welcome.cursor);
    timeline.cursor.connected(welcome.head, { beginsAt });
    const ofLobby = this.get(lobby);
    if (ofLobby) ofLobby.cursor.connected(welcome.lobbyHead, { beginsAt });
    else this.#followLobby(welcome.lobbyHead).cursor.connected(welcome.lobbyHead);
    return this.#takeGroups(welcome, isNew);
  }

  /** The number of a message that was shown lately, of whatever timeline but the lobby's. */
  numberOf(identity: string): number | undefined {
    for (const { cursor } of this.acknowledged()) {
      const seq = cursor.numberOf(identity);
      if (seq !== undefined) return seq;
    }
    return undefined;
  }

  disconnected(): void {
    this.#online = false;
    for (const { cursor } of this.#followed.values()) cursor.disconnected();
  }

  /** The user has joined this group. False: that is known. */
  joined(membership: Pick<WelcomeGroup, 'group' | 'joined' | 'head'>): boolean {
    if (this.#isMember(membership)) return false;
    this.#followGroup({ ...membership, cursor: membership.joined, keyEpoch: 0 }, false);
    return true;
  }

  /** The user is in this group no longer. False: that is known. */
  left(group: string): boolean {
    if (group === own || group === lobby) return false;
    const isForgotten = this.#options.state.forget(group);
    return this.#followed.delete(group) || isForgotten;
  }

  /** Sends the reads that are due. One's own timeline comes first. */
  read(now: number, send: (group: string, read: ReadRequest) => void): void {
    let room = limits.readsPerConnectionMax - this.#readsUnderWay;
    for (const { group, cursor } of this.#followed.values()) {
      if (room <= 0) return;
      const read = cursor.nextRead(now);
      if (!read) continue;
      room -= 1;
      send(group, read);
    }
  }

  /** When to `read` even if nothing else happens; Infinity: not at all. */
  wakeAt(now: number): number {
    let wakeAt = Infinity;
    for (const { cursor } of this.#followed.values()) wakeAt = Math.min(wakeAt, cursor.wakeAt);
    // What is due already waits for the end of a read under way.
    return wakeAt <= now && this.#readsUnderWay >= limits.readsPerConnectionMax ? Infinity : wakeAt;
  }

  /** Since when a read is unanswered; Infinity: none is. */
  get waitingSince(): number {
    let since = Infinity;
    for (const { cursor } of this.#followed.values()) since = Math.min(since, cursor.waitingSince);
    return since;
  }

  #followOwn(serverCursor: number): FollowedTimeline {
    const { position, window } = this.#options.state.cursorOf(own) ?? {
      position: { seq: serverCursor, identity: '' },
      window: [],
    };
    return this.#follow({ group: own, start: position, window });
  }

  /**
   * What processes before have shown of it is known again in another store, as far as it would be
   * shown there. All of that was said before this login, whatever its numbers were.
   */
  #followLobby(head: number): FollowedTimeline {
    const { since, state } = this.#options;
    const before = state.cursorOf(lobby)?.window ?? [];
    const window = before
      // Of one's own the time is not known.
      .filter(([, , at]) => at === 0 || at >= since)
      .map(([identity, , at]) => [identity, head + 1, at] as const);
    return this.#follow({ group: lobby, since, start: { seq: head, identity: '' }, window });
  }

  #takeGroups({ groups, isOtherStore }: Arrival, isNew: boolean): GroupChanges {
    const { state } = this.#options;
    const before = new Set([...this.#followed.keys(), ...state.groups]);
    const joined: string[] = [];
    for (const membership of groups) {
      if (isOtherStore) this.#beginGroup(membership);
      else this.#followGroup(membership, isNew);
      if (!before.delete(membership.group) && !isNew) joined.push(membership.group);
    }
    const left = [...before].filter((group) => this.left(group));
    return { joined, left, how: isOtherStore ? 'other-store' : 'missing' };
  }

  #followGroup(membership: WelcomeGroup, isNew: boolean): void {
    const known = this.#isMember(membership) ? this.get(membership.group) : undefined;
    const timeline = known ?? this.#follow(this.#startIn(membership, isNew));
    timeline.acknowledgedUpTo(membership.cursor);
    if (this.#online) timeline.cursor.connected(membership.head, { readAnyway: true });
  }

  /** In another store than the one where it was followed, if it was. */
  #beginGroup({ group, joined, cursor, head }: WelcomeGroup): void {
    const { window = [] } = this.#options.state.cursorOf(group) ?? {};
    const bounds = { group, floor: joined, windowMax: limits.clientGroupWindowMax };
    const start = { seq: joined, identity: '' };
    const timeline = this.get(group) ?? this.#follow({ ...bounds, start, window });
    timeline.acknowledgedUpTo(cursor);
    timeline.cursor.connected(head, { readAnyway: true, beginsAt: joined });
  }

  /**
   * Followed, and since this very joining: whoever left and joined again in the meantime is not
   * shown what was said between.
   */
  #isMember({ group, joined }: Pick<WelcomeGroup, 'group' | 'joined'>): boolean {
    const known = this.get(group);
    return known !== undefined && known.cursor.position.seq >= joined;
  }

  get #readsUnderWay(): number {
    let count = 0;
    for (const { cursor } of this.#followed.values()) {
      if (cursor.waitingSince !== Infinity) count += 1;
    }
    return count;
  }

  #startIn({ group, joined, cursor }: WelcomeGroup, isNew: boolean): FollowedTimelineOptions {
    const saved = this.#options.state.cursorOf(group);
    const bounds = { group, floor: joined, windowMax: limits.clientGroupWindowMax };
    if (saved && saved.position.seq >= joined) {
      return { ...bounds, start: saved.position, window: saved.window };
    }
    return { ...bounds, start: { seq: isNew ? cursor : joined, identity: '' } };
  }

  #follow(options: FollowedTimelineOptions): FollowedTimeline {
    const timeline = new FollowedTimeline(options, this.#options);
    this.#followed.set(options.group, timeline);
    return timeline;
  }
}
