/**
 * Named groups in Redis. A group and its members bear another hash tag than the user whose list
 * names it, so joining and leaving take two steps each, and the group's record decides:
 *
 * - Joining: the group is listed with the user (scripts/list-group.lua), then the user becomes a
 *   member (join-group.lua), while the listing is younger than half of `limits.groupJoinMs`.
 * - Leaving: the membership ends (leave-group.lua), then the listing goes (unlist-group.lua).
 *
 * A crash between two steps leaves a listing without a membership. It is passed over, and tidied up
 * when the list is full and it is older than `limits.groupJoinMs`: nobody is at its second step any
 * more by then. Listings are numbered, and a membership knows the number of its own, so that a slow
 * leave does not take away the listing of the join that followed it.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type {
  CreateResult,
  Group,
  GroupAcknowledgement,
  Groups,
  JoinResult,
  Membership,
} from '../groups.ts';
import { groupTimeline } from '../timelines.ts';
import type { Keys } from './keys.ts';
import type { Argument, Item, RedisCalls } from './redis-calls.ts';
import { scripts } from './scripts.ts';

interface Listing {
  readonly name: string;
  readonly userId: number;
  readonly number: string;
}

type JoinReply = [
  status: Buffer,
  owner: Buffer,
  already: number,
  joined: number,
  cursor: number,
  head: number,
];
type Place = [joined: number, cursor: number, head: number];

export class RedisGroups implements Groups {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async create(name: string, owner: number): Promise<CreateResult> {
    const reply = await this.#enter(name, owner, true);
    if (reply?.[0].toString() === 'group-exists') {
      return { status: 'group-exists', owner: Number(reply[1]) };
    }
    return joinResult(name, reply);
  }

  async join(name: string, userId: number): Promise<JoinResult> {
    return joinResult(name, await this.#enter(name, userId, false));
  }

  async leave(name: string, userId: number): Promise<boolean> {
    const timeline = groupTimeline(name);
    const number = await this.#calls.run(
      scripts.leaveGroup,
      [
        this.#keys.group(name),
        this.#keys.members(timeline),
        this.#keys.roll(name),
        this.#keys.log(timeline),
      ],
      [userId],
    );
    if (number === null) return false;
    await this.#unlist({ name, userId, number: String(number) });
    return true;
  }

  async of(userId: number): Promise<Membership[]> {
    const names = (await this.#listings(userId)).map(({ name }) => name).toSorted();
    const places = await this.#places(names.map((group) => ({ group, userId })));
    return names.flatMap((name, index) => {
      const place = places[index];
      return place ? [membershipOf(name, place)] : [];
    });
  }

  async find(name: string): Promise<Group | null> {
    const owner = await this.#calls.field(this.#keys.group(name), 'owner');
    return owner === null ? null : { name, owner: Number(owner) };
  }

  async members(name: string, after: number, limit: number): Promise<number[]> {
    const ids = await this.#calls.membersAbove(this.#keys.roll(name), after, limit);
    return ids.map(Number);
  }

  async areMembers(
    questions: readonly { readonly group: string; readonly userId: number }[],
  ): Promise<boolean[]> {
    return (await this.#places(questions)).map((place) => place !== null);
  }

  async acknowledge(batch: readonly GroupAcknowledgement[]): Promise<void> {
    const byGroup = Map.groupBy(batch, ({ group }) => groupTimeline(group));
    const items: Item[] = [];
    for (const [timeline, all] of byGroup) {
      for (let start = 0; start < all.length; start += limits.storeBatchMax) {
        const some = all.slice(start, start + limits.storeBatchMax);
        const args: Argument[] = [some.length, ...some.flatMap(({ userId, seq }) => [userId, seq])];
        items.push({ keys: [this.#keys.members(timeline), this.#keys.head(timeline)], args });
      }
    }
    await this.#calls.runAll(scripts.acknowledgeGroup, items);
  }

  /** Both steps of a join. Null if the user's list is full. */
  async #enter(name: string, userId: number, create: boolean): Promise<JoinReply | null> {
    const number = await this.#list(name, userId);
    if (number === null) return null;
    const timeline = groupTimeline(name);
    const reply = (await this.#calls.run(
      scripts.joinGroup,
      [
        this.#keys.group(name),
        this.#keys.members(timeline),
        this.#keys.roll(name),
        this.#keys.head(timeline),
      ],
      [userId, number, limits.groupJoinMs / 2, limits.groupMembersMax, create ? 1 : 0],
    )) as JoinReply;
    const isMember = reply[0].toString() === 'joined' || reply[2] === 1;
    if (!isMember) await this.#unlist({ name, userId, number });
    return reply;
  }

  /** Gives the number of the listing, or null if the list is full. */
  async #list(name: string, userId: number): Promise<string | null> {
    const listing = () =>
      this.#calls.run(
        scripts.listGroup,
        [this.#keys.groupsOf(userId)],
        [name, limits.groupsPerUserMax],
      );
    let number = await listing();
    if (number === null && (await this.#tidyUp(userId))) number = await listing();
    return number === null ? null : String(number);
  }

  /** Takes listings off that crashes have left; false if there were none. */
  async #tidyUp(userId: number): Promise<boolean> {
    const listings = await this.#listings(userId);
    const places = await this.#places(listings.map(({ name }) => ({ group: name, userId })));
    const left = listings.filter((_, index) => places[index] === null);
    const replies = await this.#calls.runAll(
      scripts.unlistGroup,
      left.map((listing) => this.#unlisting(listing)),
      [limits.groupJoinMs],
    );
    return replies.includes(1);
  }

  /** The last step of a leave, or of a join that was refused: without it that is just as true. */
  async #unlist(listing: Listing): Promise<void> {
    await this.#calls.runEach(scripts.unlistGroup, [this.#unlisting(listing)], [0]);
  }

  #unlisting({ name, userId, number }: Listing): Item {
    return { keys: [this.#keys.groupsOf(userId)], args: [name, number] };
  }

  async #listings(userId: number): Promise<Listing[]> {
    const fields = await this.#calls.fields(this.#keys.groupsOf(userId));
    return fields.map(([name, number]) => ({ name, userId, number }));
  }

  async #places(
    questions: readonly { readonly group: string; readonly userId: number }[],
  ): Promise<(Place | null)[]> {
    const items = questions.map(({ group, userId }): Item => {
      const timeline = groupTimeline(group);
      return { keys: [this.#keys.members(timeline), this.#keys.head(timeline)], args: [userId] };
    });
    return (await this.#calls.runAll(scripts.findPlace, items)) as (Place | null)[];
  }
}

function joinResult(name: string, reply: JoinReply | null): JoinResult {
  if (!reply) return { status: 'too-many' };
  const [status, owner, already, ...place] = reply;
  switch (status.toString()) {
    case 'joined':
      return {
        status: 'joined',
        owner: Number(owner),
        already: already === 1,
        membership: membershipOf(name, place),
      };
    case 'unknown-group':
      return { status: 'unknown-group' };
    case 'too-many':
      return { status: 'too-many' };
    default:
      throw new CimError('busy', `joining ${name} took too long`);
  }
}

/** After a failover that lost a tail the head may be behind both numbers. */
function membershipOf(group: string, [joined, cursor, head]: Place): Membership {
  return { group, joined, cursor: Math.max(joined, Math.min(cursor, head)), head };
}
