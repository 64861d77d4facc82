/** Named groups in SQLite. One transaction per call: there is no list beside the members to heal. */
import type { GroupHistory } from '../../base/group-history.ts';
import {
  decideCreate,
  decideJoin,
  decideShareChange,
  type Entry,
  type EntryFacts,
  type Member,
  membershipOf,
  ownerWithout,
} from '../decisions/membership.ts';
import { movedCursor } from '../decisions/session.ts';
import type {
  CreateResult,
  Group,
  GroupAcknowledgement,
  Groups,
  JoinResult,
  Membership,
  MembershipQuestion,
} from '../groups.ts';
import { groupTimeline } from '../timelines.ts';
import type { Database, Statement } from './database.ts';
import type { TimelineRows } from './timeline-rows.ts';

interface GroupRow extends Group {
  readonly members: number;
}

interface MemberRow extends Member {
  readonly history: GroupHistory;
}

export class SqliteGroups implements Groups {
  readonly #database: Database;
  readonly #rows: TimelineRows;
  readonly #selectGroup: Statement<GroupRow>;
  readonly #insertGroup: Statement<never>;
  readonly #updateOwner: Statement<never>;
  readonly #updateShare: Statement<never>;
  readonly #deleteGroup: Statement<never>;
  readonly #selectMember: Statement<MemberRow>;
  readonly #selectGroupsOf: Statement<MemberRow & { name: string }>;
  readonly #selectPage: Statement<{ userId: number }>;
  readonly #selectLongestStanding: Statement<{ userId: number }>;
  readonly #addToCount: Statement<never>;
  readonly #countGroupsOf: Statement<{ count: number }>;
  readonly #insertMember: Statement<never>;
  readonly #deleteMember: Statement<never>;
  readonly #moveCursor: Statement<never>;
  readonly #deleteEntries: Statement<never>;

  constructor(database: Database, rows: TimelineRows) {
    this.#database = database;
    this.#rows = rows;
    this.#selectGroup = database.prepare(
      `SELECT name, owner, history, share_percent AS sharePercent, members
         FROM groups WHERE name = ?`,
    );
    this.#insertGroup = database.prepare(
      'INSERT INTO groups (name, owner, history) VALUES (?, ?, ?)',
    );
    this.#updateOwner = database.prepare('UPDATE groups SET owner = ? WHERE name = ?');
    this.#updateShare = database.prepare('UPDATE groups SET share_percent = ? WHERE name = ?');
    this.#deleteGroup = database.prepare('DELETE FROM groups WHERE name = ?');
    this.#selectMember = database.prepare(
      `SELECT joined, cursor, history FROM members JOIN groups USING (name)
         WHERE name = ? AND user_id = ?`,
    );
    this.#selectGroupsOf = database.prepare(
      `SELECT name, joined, cursor, history FROM members JOIN groups USING (name)
         WHERE user_id = ?`,
    );
    this.#selectPage = database.prepare(
      'SELECT user_id AS userId FROM members WHERE name = ? AND user_id > ? ORDER BY user_id LIMIT ?',
    );
    this.#selectLongestStanding = database.prepare(
      'SELECT user_id AS userId FROM members WHERE name = ? ORDER BY id LIMIT 1',
    );
    this.#addToCount = database.prepare('UPDATE groups SET members = members + ? WHERE name = ?');
    this.#countGroupsOf = database.prepare(
      'SELECT count(*) AS count FROM members WHERE user_id = ?',
    );
    this.#insertMember = database.prepare(
      'INSERT INTO members (name, user_id, joined, cursor) VALUES (?1, ?2, ?3, ?3)',
    );
    this.#deleteMember = database.prepare('DELETE FROM members WHERE name = ? AND user_id = ?');
    this.#moveCursor = database.prepare(
      'UPDATE members SET cursor = ? WHERE name = ? AND user_id = ?',
    );
    this.#deleteEntries = database.prepare(
      'DELETE FROM entries WHERE timeline = (SELECT id FROM timelines WHERE name = ?)',
    );
  }

  async create(
    name: string,
    owner: number,
    history: GroupHistory = 'joined',
  ): Promise<CreateResult> {
    return this.#database.transaction('durable', () =>
      this.#enter(name, owner, history, (facts) => decideCreate(name, owner, history, facts)),
    );
  }

  async join(name: string, userId: number): Promise<JoinResult> {
    return this.#database.transaction('durable', () =>
      this.#enter(name, userId, 'joined', (facts) => decideJoin(name, facts)),
    );
  }

  async leave(name: string, userId: number): Promise<boolean> {
    const left = this.#database.transaction('durable', () => this.#leave(name, userId));
    // With its last member it has lost its messages.
    if (left) this.#rows.forgetTimeline(groupTimeline(name));
    return left;
  }

  async of(userId: number): Promise<Membership[]> {
    const memberships = this.#database.read(() =>
      this.#selectGroupsOf.all(userId).map((member) => this.#membership(member.name, member)),
    );
    return memberships.toSorted((one, other) => (one.group < other.group ? -1 : 1));
  }

  async find(name: string): Promise<Group | null> {
    const group = this.#database.read(() => this.#selectGroup.get(name));
    if (!group) return null;
    const { owner, history, sharePercent } = group;
    return { name, owner, history, sharePercent };
  }

  async setShare(
    name: string,
    owner: number,
    sharePercent: number | null,
  ): Promise<'set' | 'unknown-group' | 'not-the-owner'> {
    return this.#database.transaction('durable', () => {
      const result = decideShareChange(owner, this.#selectGroup.get(name)?.owner);
      if (result === 'set') this.#updateShare.run(sharePercent, name);
      return result;
    });
  }

  async members(name: string, after: number, limit: number): Promise<number[]> {
    const page = this.#database.read(() => this.#selectPage.all(name, after, limit));
    return page.map(({ userId }) => userId);
  }

  async memberships(questions: readonly MembershipQuestion[]): Promise<(Membership | null)[]> {
    return this.#database.read(() =>
      questions.map(({ group, userId }) => {
        const member = this.#selectMember.get(group, userId);
        return member ? this.#membership(group, member) : null;
      }),
    );
  }

  async acknowledge(batch: readonly GroupAcknowledgement[]): Promise<void> {
    this.#database.transaction('ordered', () => {
      for (const { group, userId, seq } of batch) {
        const member = this.#selectMember.get(group, userId);
        const cursor = member && movedCursor(member.cursor, seq, this.#head(group));
        if (cursor !== member?.cursor) this.#moveCursor.run(Number(cursor), group, userId);
      }
    });
  }

  #enter<Result extends CreateResult>(
    name: string,
    userId: number,
    history: GroupHistory,
    decide: (facts: EntryFacts) => Entry<Result>,
  ): Result {
    const group = this.#selectGroup.get(name);
    const { result, entered } = decide({
      group,
      head: this.#head(name),
      member: this.#selectMember.get(name, userId),
      groupsOfUser: () => this.#countGroupsOf.get(userId)?.count ?? 0,
    });
    if (!entered) return result;
    if (!group) this.#insertGroup.run(name, userId, history);
    this.#insertMember.run(name, userId, entered.joined);
    this.#addToCount.run(1, name);
    return result;
  }

  #leave(name: string, userId: number): boolean {
    const group = this.#selectGroup.get(name);
    if (!group || this.#deleteMember.run(name, userId).changes === 0) return false;
    this.#addToCount.run(-1, name);
    const heir = this.#selectLongestStanding.get(name)?.userId;
    const owner = ownerWithout(userId, group.owner, heir);
    if (owner === null) {
      this.#deleteGroup.run(name);
      this.#deleteEntries.run(groupTimeline(name));
    } else if (owner !== group.owner) {
      this.#updateOwner.run(owner, name);
    }
    return true;
  }

  #membership(group: string, member: MemberRow): Membership {
    return membershipOf(group, member, this.#head(group), member.history);
  }

  #head(group: string): number {
    return this.#rows.timeline(groupTimeline(group)).head;
  }
}
