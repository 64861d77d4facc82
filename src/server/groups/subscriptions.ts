/**
 * The named groups that one connection follows. A client follows a group by reading its timeline:
 * while its first read is under way it is *subscribing*, and what is pushed meanwhile is only noted
 * as the group's newest number; when a route has answered it is a member, and is written what is
 * pushed. A route that says "not a member" ends that.
 */
import { errorTable } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Mark } from '../../codec/generated/link.ts';
import { type CursorOwner, CursorReport, type CursorSender } from '../sessions/cursor-report.ts';
import type { GroupMember, GroupTable, LocalGroup } from './group-table.ts';

export interface Subscription {
  readonly group: LocalGroup;
  isMember: boolean;
  readsUnderWay: number;
  /** Null until something was acknowledged. */
  cursor: CursorReport | null;
}

const notAMember = Number(errorTable['not-a-member'].code);
const unknownGroup = Number(errorTable['unknown-group'].code);

/** The session that follows groups. */
export interface Follower extends GroupMember, CursorOwner {}

export interface GroupGateway extends CursorSender {
  readonly groups: GroupTable;
}

export class Subscriptions {
  readonly #follower: Follower;
  readonly #gateway: GroupGateway;
  readonly #byName = new Map<string, Subscription>();

  constructor(follower: Follower, gateway: GroupGateway) {
    this.#follower = follower;
    this.#gateway = gateway;
  }

  /** A read of the group begins; every one ends with `endRead`. Undefined: it follows too many. */
  beginRead(name: string): Subscription | undefined {
    let subscription = this.#byName.get(name);
    if (!subscription) {
      if (this.#byName.size >= limits.subscriptionsPerConnectionMax) return undefined;
      const group = this.#gateway.groups.at(name);
      group.subscribing += 1;
      subscription = { group, isMember: false, readsUnderWay: 0, cursor: null };
      this.#byName.set(name, subscription);
    }
    subscription.readsUnderWay += 1;
    return subscription;
  }

  /** A read was answered with this code: 0, or why there is no page. */
  endRead(subscription: Subscription, code: number): void {
    subscription.readsUnderWay -= 1;
    const { group } = subscription;
    // It left while the page was on its way, and the page is older than that.
    if (this.#byName.get(group.name) !== subscription) return;
    if (code === 0) this.#seen(subscription);
    else if (code === notAMember || code === unknownGroup) this.leave(group.name);
    else if (!subscription.isMember && subscription.readsUnderWay === 0) this.leave(group.name);
  }

  /** Everything up to `seq` was shown. Nobody but a member has a place in a group. */
  acknowledge(name: string, seq: number, marks: readonly Mark[]): void {
    const subscription = this.#byName.get(name);
    if (!subscription?.isMember) return;
    subscription.cursor ??= new CursorReport(this.#follower, name, this.#gateway);
    subscription.cursor.move(seq, marks);
  }

  retryMarks(): void {
    for (const { cursor } of this.#byName.values()) cursor?.retry();
  }

  /** The user has joined it: who follows it by then was in it before, and maybe not in between. */
  joined(name: string): void {
    const subscription = this.#byName.get(name);
    if (subscription?.isMember) this.#seen(subscription);
  }

  leave(name: string): void {
    const subscription = this.#byName.get(name);
    if (!subscription) return;
    this.#byName.delete(name);
    if (subscription.isMember) subscription.group.onLeft(this.#follower);
    else subscription.group.subscribing -= 1;
  }

  /** The connection has ended. */
  end(): void {
    for (const name of this.#byName.keys()) this.leave(name);
  }

  #seen(subscription: Subscription): void {
    const { group, isMember } = subscription;
    group.onSeen(this.#follower);
    if (isMember) return;
    subscription.isMember = true;
    group.subscribing -= 1;
    const { facts } = group;
    if (facts) this.#follower.groupFacts(facts);
  }
}
