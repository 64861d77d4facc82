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
import { groupEntries } from '../../base/group-entry.ts';
import type { GroupHistory } from '../../base/group-history.ts';
import { limits } from '../../base/limits.ts';
import { membershipOf } from '../decisions/membership.ts';
import { drawGroupId } from '../group-keys.ts';
import type {
  ChangeResult,
  CreateResult,
  Group,
  GroupAcknowledgement,
  GroupChange,
  Groups,
  Invitation,
  JoinResult,
  Membership,
  MembershipQuestion,
} from '../groups.ts';
import { groupTimeline, userTimeline } from '../timelines.ts';
import type { Argument, Item, RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
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
  showsAll: number,
  used: number,
  keyEpoch: number,
];
type MemberReply = [
  joined: number,
  cursor: number,
  head: number,
  showsAll: number,
  keyEpoch: number,
];

export class RedisGroups implements Groups {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async create(
    name: string,
    owner: number,
    history: GroupHistory = 'joined',
    e2ee = false,
  ): Promise<CreateResult> {
    const reply = await this.#enter(name, owner, history, e2ee);
    if (reply?.[0].toString() === 'group-exists') {
      return { status: 'group-exists', owner: Number(reply[1]) };
    }
    return joinResult(name, reply);
  }

  async join(name: string, userId: number, canRead = false): Promise<JoinResult> {
    return joinResult(name, await this.#enter(name, userId, null, canRead));
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
        this.#keys.talk(timeline),
        this.#keys.head(timeline),
        this.#keys.standing(name),
        this.#keys.invited(name),
        this.#keys.removed(name),
        this.#keys.delivered(name),
        this.#keys.read(name),
      ],
      [userId, limits.endedGroupMs, limits.groupChangesMax],
    );
    if (number === null) return false;
    await this.#unlist({ name, userId, number: String(number) });
    return true;
  }

  async of(userId: number): Promise<Membership[]> {
    const names = (await this.#listings(userId)).map(({ name }) => name).toSorted();
    const memberships = await this.memberships(names.map((group) => ({ group, userId })));
    return memberships.filter((member) => member !== null);
  }

  async change(name: string, by: number, change: GroupChange): Promise<ChangeResult> {
    if (change.kind === 'invite') return this.#invite(name, by, change);
    const result = await this.#change(name, by, change);
    if (change.kind === 'remove' && result === 'changed')
      await this.#calls.removeField(this.#keys.invitationsOf(change.userId), name);
    return result;
  }

  async #change(name: string, by: number, change: GroupChange): Promise<ChangeResult> {
    const timeline = groupTimeline(name);
    const bounds = [limits.groupAdminsMax, limits.groupInvitedMax, limits.groupRemovedMax];
    const [result, number] = (await this.#calls.run(
      scripts.changeGroup,
      [
        this.#keys.group(name),
        this.#keys.members(timeline),
        this.#keys.roll(name),
        this.#keys.standing(name),
        this.#keys.talk(timeline),
        this.#keys.invited(name),
        this.#keys.removed(name),
        this.#keys.delivered(name),
        this.#keys.read(name),
      ],
      [by, ...bounds, limits.groupChangesMax, change.kind, ...argumentsOf(change)],
    )) as [result: Buffer, number?: Buffer];
    const listing = String(number ?? '');
    if ('userId' in change && listing !== '')
      await this.#unlist({ name, userId: change.userId, number: listing });
    return result.toString() as ChangeResult;
  }

  async find(name: string): Promise<Group | null> {
    const talk = this.#keys.talk(groupTimeline(name));
    const [record, [share = null, epoch = null]] = await Promise.all([
      this.#calls.fields(this.#keys.group(name)),
      this.#calls.someFields(talk, ['share', 'epoch']),
    ]);
    const fields = new Map(record);
    const owner = fields.get('owner');
    if (owner === undefined) return null;
    const admins = (fields.get('admins') ?? '').match(/\d+/g) ?? [];
    return {
      name,
      title: fields.get('title') ?? name,
      owner: Number(owner),
      admins: admins.map(Number).toSorted((one, other) => one - other),
      entry: groupEntries.find((entry) => entry === fields.get('entry')) ?? 'open',
      history: fields.get('history') === 'all' ? 'all' : 'joined',
      sharePercent: share === null ? null : Number(share),
      version: Number(fields.get('version')),
      keyEpoch: Number(epoch),
    };
  }

  async removed(name: string): Promise<number[]> {
    const ids = await this.#calls.membersAbove(this.#keys.removed(name), 0, limits.groupRemovedMax);
    return ids.map(Number);
  }

  async invitations(userId: number): Promise<Invitation[]> {
    const listed = await this.#calls.fields(this.#keys.invitationsOf(userId));
    const replies = await this.#calls.runAll(
      scripts.findInvitation,
      listed.map(([name]) => this.#invitation(name, userId)),
    );
    return listed
      .filter((_, index) => replies[index] === 1)
      .map(([group, value]) => {
        const [at = 0, by = 0] = value.split(':').map(Number);
        return { at, group, by };
      })
      .toSorted((one, other) => other.at - one.at)
      .map(({ group, by }) => ({ group, by }));
  }

  /** All that are listed, before the account goes: nobody else will use them. */
  async withdrawInvitations(userId: number): Promise<void> {
    const listed = await this.#calls.fields(this.#keys.invitationsOf(userId));
    await this.#calls.runAll(
      scripts.withdrawInvitation,
      listed.map(([name]) => this.#invitation(name, userId)),
    );
  }

  async members(name: string, after: number, limit: number): Promise<number[]> {
    const ids = await this.#calls.membersAbove(this.#keys.roll(name), after, limit);
    return ids.map(Number);
  }

  async memberships(questions: readonly MembershipQuestion[]): Promise<(Membership | null)[]> {
    const items = questions.map(({ group, userId }): Item => {
      const timeline = groupTimeline(group);
      return {
        keys: [
          ...[this.#keys.members(timeline), this.#keys.head(timeline)],
          ...[this.#keys.group(group), this.#keys.talk(timeline)],
        ],
        args: [userId],
      };
    });
    const memberships = (await this.#calls.runAll(
      scripts.findMembership,
      items,
    )) as (MemberReply | null)[];
    return memberships.map((member, index) => {
      const { group = '' } = questions[index] ?? {};
      return member && membershipIn(group, member);
    });
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

  /**
   * Both steps of a join; `create`: makes the group. `e2ee`: it is to be encrypted, or who joins can read
   * what is. Null if the user's list is full.
   */
  async #enter(
    name: string,
    userId: number,
    create: GroupHistory | null,
    e2ee: boolean,
  ): Promise<JoinReply | null> {
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
        this.#keys.standing(name),
        this.#keys.invited(name),
        this.#keys.removed(name),
        this.#keys.delivered(name),
        this.#keys.read(name),
        this.#keys.talk(timeline),
      ],
      [
        ...[userId, number, limits.groupJoinMs / 2, limits.groupMembersMax, create ?? '', name],
        ...[e2ee ? 1 : 0, limits.encryptedGroupMembersMax, limits.groupChangesMax, drawGroupId()],
      ],
    )) as JoinReply;
    const isMember = reply[0].toString() === 'joined' || reply[2] === 1;
    if (!isMember) await this.#unlist({ name, userId, number });
    if (reply[7] === 1) await this.#calls.removeField(this.#keys.invitationsOf(userId), name);
    return reply;
  }

  /**
   * Listed first, by whoever may: what the group has, the deletion of an account finds. Of one that
   * is deleted there is nothing to invite any more.
   */
  async #invite(
    name: string,
    by: number,
    change: GroupChange & { readonly kind: 'invite' },
  ): Promise<ChangeResult> {
    const { userId } = change;
    const group = await this.find(name);
    const list = this.#keys.invitationsOf(userId);
    if (group?.owner === by || group?.admins.includes(by)) {
      const isListed = await this.#calls.run(
        scripts.listInvitation,
        [list, this.#keys.watchers(userTimeline(userId))],
        [name, by, limits.invitationsPerUserMax],
      );
      if (isListed !== 1) return 'changed';
    }
    const result = await this.#change(name, by, change);
    if (result !== 'changed') await this.#calls.removeField(list, name);
    return result;
  }

  #invitation(name: string, userId: number): Item {
    return { keys: [this.#keys.invited(name)], args: [userId] };
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
    const memberships = await this.memberships(
      listings.map(({ name }) => ({ group: name, userId })),
    );
    const left = listings.filter((_, index) => memberships[index] === null);
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
}

/** In the order of scripts/change-group.lua. */
function argumentsOf(change: GroupChange): Argument[] {
  if (change.kind !== 'set') return [change.userId];
  const { title = '', entry = '', sharePercent = '' } = change;
  return [title, entry, sharePercent ?? '-'];
}

function joinResult(name: string, reply: JoinReply | null): JoinResult {
  if (!reply) return { status: 'too-many' };
  const [status, owner, already, joined, cursor, head, showsAll, , keyEpoch] = reply;
  switch (status.toString()) {
    case 'joined':
      return {
        status: 'joined',
        owner: Number(owner),
        already: already === 1,
        membership: membershipIn(name, [joined, cursor, head, showsAll, keyEpoch]),
      };
    case 'unknown-group':
    case 'too-many':
    case 'removed-from-group':
    case 'group-closed':
    case 'not-invited':
    case 'encrypted-group':
      return { status: status.toString() as Exclude<JoinResult['status'], 'joined'> };
    default:
      throw new CimError('busy', `joining ${name} took too long`);
  }
}

function membershipIn(
  group: string,
  [joined, cursor, head, showsAll, keyEpoch]: MemberReply,
): Membership {
  const history = showsAll === 1 ? 'all' : 'joined';
  return membershipOf(group, { joined, cursor }, head, { history, keyEpoch });
}
