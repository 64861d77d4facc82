/**
 * The groups that connections of this server follow, and the server's interest in each: registered
 * with the routes before the first member reads, said again now and then, since a route that once
 * could not reach this server may have struck it off, and withdrawn a while after the last member
 * has gone. The answer carries the group's newest number: so what was lost on its way here is
 * noticed, and members are told to read. It also carries what the group is by now, if that is not
 * what is known here, and who was removed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { GroupFacts, InterestEntry, InterestResult, RouteApi } from '../../api/route-api.ts';
import type { MembershipChange } from '../../api/server-api.ts';
import type { Clock } from '../../base/clock.ts';
import { errorTable } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { lobby } from '../../codec/commands.ts';
import { BoundedGather } from '../../link/bounded-gather.ts';
import type { GroupDelivery } from './group-message.ts';

/** A session, as a group sees it. */
export interface GroupMember {
  readonly userId: number;
  groupMessage(message: GroupDelivery): void;
  /** The group's timeline is to be read up to `head`. */
  hint(group: string, head: number): void;
  /** What a group is that it is a member of. */
  groupFacts(facts: GroupFacts): void;
  /** Its user is in a group now, or not. */
  membership(change: MembershipChange): void;
}

export interface GroupTableOptions {
  readonly routes: Pick<RouteApi, 'interest'>;
  readonly clock: Clock;
  readonly instance: string;
  readonly address: () => string;
  /** Members of this group have missed something; `head` is its newest number. */
  readonly onMissed: (group: LocalGroup, head: number) => void;
  /** What the group is has changed: `group.facts`. */
  readonly onFacts: (group: LocalGroup) => void;
}

/** A group as this server knows it. */
export class LocalGroup {
  readonly name: string;
  readonly #members = new Set<GroupMember>();
  /** Of these who were seen to be in it since it was last asked: the answer may be older than that. */
  readonly #seenSince = new Set<GroupMember>();
  /** Connections whose first read is not answered yet. */
  subscribing = 0;
  /** The newest number that was pushed to this server, or that its members were told of. */
  newest = 0;
  /** What the group is, as members here were told; undefined: not known yet, or it is the lobby. */
  facts: GroupFacts | undefined;
  /** All who were removed up to this version have been told; 0: some may not have been. */
  version = 0;

  /** A route has recorded the interest; false = the routes may or may not have it. */
  isRegistered = false;
  /** A question about it is on its way, one at a time: so none overtakes another. */
  isAsking = false;
  /** The group has changed since it was asked. */
  isStale = false;
  /** To be told when the interest is registered (0), or why it could not be. */
  readonly waiting: ((code: number) => void)[] = [];
  /** When to say it again. */
  sayAt = 0;
  /** Since when nobody here follows it; 0 = somebody does, or it was not noticed yet. */
  emptySince = 0;
  /** Whether anybody ever did: what nobody may read is forgotten at once. */
  hadMembers = false;
  /** What a route named as the newest number, and had not arrived here by then; 0 = nothing. */
  expected = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Those who have read its timeline; of the lobby none, everybody who is logged in is in it. */
  get members(): ReadonlySet<GroupMember> {
    return this.#members;
  }

  /** A route says that they are in it: by a page of its timeline, or because they have joined. */
  onSeen(member: GroupMember): void {
    this.#members.add(member);
    this.hadMembers = true;
    if (this.isAsking) this.#seenSince.add(member);
  }

  onLeft(member: GroupMember): void {
    this.#members.delete(member);
    this.#seenSince.delete(member);
  }

  onAsked(): void {
    this.isAsking = true;
    this.isStale = false;
    this.#seenSince.clear();
  }

  /** In the answer to what was asked last they are named as removed: whether they still are. */
  isRemoved(member: GroupMember): boolean {
    return !this.#seenSince.has(member);
  }

  forgetFacts(): void {
    this.facts = undefined;
    this.version = 0;
  }

  /** Told of everything that arrives for the group. */
  onArrived(seq: number): void {
    if (seq > this.newest) this.newest = seq;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0 && this.subscribing === 0 && this.name !== lobby;
  }
}

/** What an answer belongs to. */
interface Question {
  readonly group: LocalGroup;
  readonly gone: boolean;
  /** The newest number when it was asked. */
  readonly newest: number;
}

const removedFromGroup = Number(errorTable['removed-from-group'].code);
const unknownGroup = Number(errorTable['unknown-group'].code);
/** An interest that could not be said is said again after this long. */
const retryMs = 5_000;

export class GroupTable {
  readonly lobby = new LocalGroup(lobby);
  readonly #options: GroupTableOptions;
  readonly #groups = new Map([[lobby, this.lobby]]);
  readonly #questions: BoundedGather<InterestEntry, InterestResult, Question>;
  /** That logins named last; empty: there was none. */
  #storeId = '';

  constructor(options: GroupTableOptions) {
    this.#options = options;
    this.#questions = new BoundedGather(
      options.routes.interest,
      limits.callsUnderWayMax,
      (question, result) => this.#answered(question, result),
    );
  }

  /** Undefined: nobody here follows it. */
  find(name: string): LocalGroup | undefined {
    return this.#groups.get(name);
  }

  /** For somebody who is about to follow it. */
  at(name: string): LocalGroup {
    let group = this.#groups.get(name);
    if (!group) {
      group = new LocalGroup(name);
      this.#groups.set(name, group);
    }
    return group;
  }

  /**
   * A route pushes to a group that nobody here follows: the interest was recorded late, or its
   * withdrawal got lost. It is withdrawn at the next sweep, until a route has heard it.
   */
  withdrawUnfollowed(name: string): void {
    this.at(name);
  }

  /** In another store no interest is recorded, and numbers begin anew: all is said again at once. */
  storeIs(storeId: string): void {
    if (this.#storeId === storeId) return;
    const isOther = this.#storeId !== '';
    this.#storeId = storeId;
    if (!isOther) return;
    for (const group of this.#groups.values()) {
      group.newest = 0;
      group.expected = 0;
      group.forgetFacts();
      group.sayAt = 0;
    }
  }

  /** Asks what the group is by now. */
  changed(name: string): void {
    const group = this.#groups.get(name);
    if (!group?.isRegistered) return;
    if (group.isAsking) group.isStale = true;
    else this.#ask(group, false);
  }

  get size(): number {
    return this.#groups.size;
  }

  /** Calls back, maybe at once, with 0 when the interest is registered, or with why it is not. */
  whenRegistered(group: LocalGroup, settle: (code: number) => void): void {
    if (group.isRegistered) return settle(0);
    group.waiting.push(settle);
    if (!group.isAsking) this.#ask(group, false);
  }

  /** Says again what is due, withdraws what nobody follows, and tells what was missed. */
  sweep(now: number): void {
    let asked = 0;
    for (const group of this.#groups.values()) {
      if (group.expected > 0) this.#missed(group);
      if (!group.isEmpty) group.emptySince = 0;
      else if (group.emptySince === 0) group.emptySince = now;
      if (group.isAsking || asked >= limits.interestBatchMax) continue;
      const isGone = group.emptySince !== 0 && now - group.emptySince >= lingerMsOf(group);
      const isDue = group.isRegistered && group.emptySince === 0 && now >= group.sayAt;
      if (!isGone && !isDue) continue;
      asked += 1;
      this.#ask(group, isGone);
    }
  }

  /** Withdraws from every group; waits, within a bound, until a route knows. */
  async stop(): Promise<void> {
    const { routes, clock } = this.#options;
    const entries = [...this.#groups.values()]
      .filter(({ isRegistered, isAsking }) => isRegistered || isAsking)
      .map((group) => this.#entry(group, true));
    if (entries.length === 0) return;
    await new Promise<void>((resolve) => {
      let waiting = entries.length;
      const timer = clock.setTimeout(resolve, limits.stopReportMsMax);
      const withdrawals = new BoundedGather(routes.interest, limits.callsUnderWayMax, () => {
        waiting -= 1;
        if (waiting > 0) return;
        timer.cancel();
        resolve();
      });
      for (const entry of entries) withdrawals.add(entry, null);
    });
  }

  #ask(group: LocalGroup, gone: boolean): void {
    group.onAsked();
    // Said again, it stays registered; once it was said to be gone, nobody relies on it.
    if (gone) group.isRegistered = false;
    this.#questions.add(this.#entry(group, gone), { group, gone, newest: group.newest });
  }

  #entry({ name: group, version }: LocalGroup, gone: boolean): InterestEntry {
    const { instance, address } = this.#options;
    return { group, instance, address: address(), gone, version };
  }

  #answered({ group, gone, newest }: Question, result: InterestResult): void {
    const { code, head } = result;
    group.isAsking = false;
    if (gone) {
      if (group.waiting.length > 0) this.#ask(group, false);
      else if (code === 0) this.#groups.delete(group.name);
      return;
    }
    const isTaken = code === 0;
    group.sayAt = this.#options.clock.monotonic() + (isTaken ? limits.checkMs : retryMs);
    if (isTaken && group.isRegistered) compare(group, newest, head);
    // Nobody has read it here: whoever does from now on is told more by the page.
    else if (isTaken) group.onArrived(head);
    // A group that has ended keeps no interest: for one of its name that is made it is said anew.
    group.isRegistered = isTaken || (group.isRegistered && code !== unknownGroup);
    if (isTaken) this.#learn(group, result);
    else if (code === unknownGroup) group.forgetFacts();
    for (const settle of group.waiting.splice(0)) settle(code);
    if (group.isStale && group.isRegistered) this.#ask(group, false);
    // Names are made up faster than interest is withdrawn, and of what there is not there is none.
    if (code === unknownGroup && group.isEmpty) this.#groups.delete(group.name);
  }

  #learn(group: LocalGroup, { facts: found, removed = [] }: InterestResult): void {
    const facts = found?.[0];
    if (!facts) return;
    const gone = new Set(removed);
    const none = { joined: 0, head: 0, invitedBy: 0, keyEpoch: 0 };
    const change = { group: group.name, code: removedFromGroup, ...none };
    const named = [...group.members].filter(({ userId }) => gone.has(userId));
    const ended = named.filter((member) => group.isRemoved(member));
    for (const member of ended) member.membership(change);
    const isOther = !isSame(group.facts, facts);
    group.facts = facts;
    group.version = facts.version;
    // Removed, and in it again since, or the other way round: the next answer is younger than both.
    if (ended.length < named.length) {
      group.version = 0;
      group.isStale = true;
    }
    if (isOther) this.#options.onFacts(group);
  }

  /** What was named the newest may only have been faster than the push: it had a sweep's time. */
  #missed(group: LocalGroup): void {
    const head = group.expected;
    group.expected = 0;
    if (head <= group.newest) return;
    group.newest = head;
    this.#options.onMissed(group, head);
  }
}

/** The version also grows when somebody is removed, of which nobody else needs to be told. */
function isSame(one: GroupFacts | undefined, other: GroupFacts): boolean {
  return one !== undefined && isDeepStrictEqual({ ...one, version: other.version }, other);
}

/** What has arrived here, up to `newest` when it was asked, with what the store has. */
function compare(group: LocalGroup, newest: number, head: number): void {
  if (head > group.newest) group.expected = head;
  // Its numbers were given out anew, after a failover that lost a tail.
  else if (group.newest === newest) group.newest = head;
}

/** People reconnect: a group that is left for a moment is not to be registered anew. */
function lingerMsOf({ hadMembers }: LocalGroup): number {
  return hadMembers ? limits.interestLingerMs : 0;
}
