/** Named groups in SQLite. One transaction per call: there is no list beside the members to heal. */
import type { Clock } from '../../base/clock.ts';
import type { GroupHistory } from '../../base/group-history.ts';
import { limits } from '../../base/limits.ts';
import { decideChange } from '../decisions/group-change.ts';
import {
  decideCreate,
  decideJoin,
  decideLeave,
  type Entry,
  type EntryFacts,
  type Member,
  membershipOf,
  newGroup,
  type Outsider,
} from '../decisions/membership.ts';
import { movedCursor } from '../decisions/session.ts';
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
import { groupTimeline } from '../timelines.ts';
import type { Database, Statement } from './database.ts';
import type { GroupKeyRows } from './group-key-rows.ts';
import type { TimelineRows } from './timeline-rows.ts';

interface GroupRow extends Omit<Group, 'admins'> {
  readonly admins: string;
  readonly members: number;
}

interface MemberRow extends Member, Pick<Group, 'history' | 'keyEpoch'> {}

export class SqliteGroups implements Groups {
  readonly #database: Database;
  readonly #rows: TimelineRows;
  readonly #keyRows: GroupKeyRows;
  readonly #selectGroup: Statement<GroupRow>;
  readonly #insertGroup: Statement<never>;
  readonly #updateGroup: Statement<never>;
  readonly #deleteGroup: Statement<never>;
  readonly #selectMember: Statement<MemberRow>;
  readonly #selectGroupsOf: Statement<MemberRow & { name: string }>;
  readonly #selectPage: Statement<{ userId: number }>;
  readonly #selectHeirs: Statement<{ userId: number; isAdmin: number }>;
  readonly #addToCount: Statement<never>;
  readonly #countGroupsOf: Statement<{ count: number }>;
  readonly #insertMember: Statement<never>;
  readonly #deleteMember: Statement<never>;
  readonly #moveCursor: Statement<never>;
  readonly #deleteEntries: Statement<never>;
  readonly #selectOutsider: Statement<{ outsider: Outsider }>;
  readonly #selectOutsiders: Statement<{ userId: number }>;
  readonly #selectInvitations: Statement<{ name: string; by: number }>;
  readonly #insertOutsider: Statement<never>;
  readonly #deleteOutsider: Statement<never>;
  readonly #deleteOutsiders: Statement<never>;
  readonly #forgetSaid: Statement<never>;
  readonly #noteMade: Statement<never>;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(
    database: Database,
    rows: TimelineRows,
    keyRows: GroupKeyRows,
    clock: Pick<Clock, 'now'>,
  ) {
    this.#clock = clock;
    this.#database = database;
    this.#rows = rows;
    this.#keyRows = keyRows;
    this.#selectGroup = database.prepare(
      `SELECT name, title, owner, admins, entry, history, share_percent AS sharePercent, version, members,
         key_epoch AS keyEpoch
         FROM groups WHERE name = ?`,
    );
    this.#insertGroup = database.prepare(
      'INSERT INTO groups (name, title, owner, history, key_epoch) VALUES (?1, ?1, ?2, ?3, ?4)',
    );
    this.#updateGroup = database.prepare(
      `UPDATE groups SET title = ?, owner = ?, admins = ?, entry = ?, share_percent = ?, version = ?,
         key_epoch = ? WHERE name = ?`,
    );
    this.#deleteGroup = database.prepare('DELETE FROM groups WHERE name = ?');
    this.#selectMember = database.prepare(
      `SELECT joined, cursor, history, key_epoch AS keyEpoch FROM members JOIN groups USING (name)
         WHERE name = ? AND user_id = ?`,
    );
    this.#selectGroupsOf = database.prepare(
      `SELECT name, joined, cursor, history, key_epoch AS keyEpoch
         FROM members JOIN groups USING (name) WHERE user_id = ?`,
    );
    this.#selectPage = database.prepare(
      'SELECT user_id AS userId FROM members WHERE name = ? AND user_id > ? ORDER BY user_id LIMIT ?',
    );
    // The longest-standing admin before the longest-standing member.
    this.#selectHeirs = database.prepare(
      `SELECT * FROM (SELECT user_id AS userId, 1 AS isAdmin FROM members
           WHERE name = ?1 AND user_id IN (SELECT value FROM json_each(?2)) ORDER BY id LIMIT 1)
         UNION ALL SELECT * FROM (SELECT user_id AS userId, 0 AS isAdmin FROM members
           WHERE name = ?1 ORDER BY id LIMIT 1)`,
    );
    this.#addToCount = database.prepare('UPDATE groups SET members = members + ? WHERE name = ?');
    this.#countGroupsOf = database.prepare(
      'SELECT count(*) AS count FROM members WHERE user_id = ?',
    );
    this.#insertMember = database.prepare(
      `INSERT INTO members (name, user_id, joined, cursor, delivered, read, seen)
       VALUES (?1, ?2, ?3, ?3, ?3, ?3, ?3)`,
    );
    this.#deleteMember = database.prepare('DELETE FROM members WHERE name = ? AND user_id = ?');
    this.#moveCursor = database.prepare(
      'UPDATE members SET cursor = ? WHERE name = ? AND user_id = ?',
    );
    this.#deleteEntries = database.prepare(
      'DELETE FROM entries WHERE timeline = (SELECT id FROM timelines WHERE name = ?)',
    );
    this.#selectOutsider = database.prepare(
      'SELECT outsider FROM outsiders WHERE name = ? AND user_id = ?',
    );
    this.#selectOutsiders = database.prepare(
      'SELECT user_id AS userId FROM outsiders WHERE name = ? AND outsider = ? ORDER BY id',
    );
    this.#selectInvitations = database.prepare(
      `SELECT name, by FROM outsiders WHERE user_id = ? AND outsider = 'invited'
         ORDER BY id DESC LIMIT ${limits.invitationsPerUserMax}`,
    );
    this.#insertOutsider = database.prepare(
      'INSERT INTO outsiders (name, user_id, outsider, by) VALUES (?, ?, ?, ?)',
    );
    this.#deleteOutsider = database.prepare('DELETE FROM outsiders WHERE name = ? AND user_id = ?');
    this.#deleteOutsiders = database.prepare('DELETE FROM outsiders WHERE name = ?');
    this.#forgetSaid = database.prepare(
      'UPDATE timelines SET total = 0, said_at = 0, said_seq = 0 WHERE name = ?',
    );
    this.#noteMade = database.prepare(
      `INSERT INTO timelines (name, head, others, appended_at, total, said_at, said_seq)
         VALUES (?1, 0, 0, ?2, 0, ?2, 0) ON CONFLICT (name) DO UPDATE SET said_at = ?2`,
    );
  }

  async create(
    name: string,
    owner: number,
    history: GroupHistory = 'joined',
    e2ee = false,
  ): Promise<CreateResult> {
    const made = newGroup(name, owner, history, e2ee);
    const result = this.#database.transaction('durable', () =>
      this.#enter(made, owner, e2ee, (facts) =>
        decideCreate(name, owner, { history, e2ee }, facts),
      ),
    );
    if (result.status === 'joined' && !result.already)
      this.#rows.forgetTimeline(groupTimeline(name));
    return result;
  }

  async join(name: string, userId: number, canRead = false): Promise<JoinResult> {
    const made = newGroup(name, userId, 'joined', false);
    return this.#database.transaction('durable', () =>
      this.#enter(made, userId, canRead, (facts) => decideJoin(name, facts)),
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

  async change(name: string, by: number, change: GroupChange): Promise<ChangeResult> {
    return this.#database.transaction('durable', () => this.#change(name, by, change));
  }

  async find(name: string): Promise<Group | null> {
    const group = this.#database.read(() => this.#group(name));
    if (!group) return null;
    const { members: _, ...rest } = group;
    return rest;
  }

  async removed(name: string): Promise<number[]> {
    return this.#database.read(() => this.#outsiders(name, 'removed'));
  }

  async invitations(userId: number): Promise<Invitation[]> {
    const found = this.#database.read(() => this.#selectInvitations.all(userId));
    return found.map(({ name: group, by }) => ({ group, by }));
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

  /** `made`: the group, if it is created now. */
  #enter<Result extends CreateResult>(
    made: Group,
    userId: number,
    canRead: boolean,
    decide: (facts: EntryFacts) => Entry<Result>,
  ): Result {
    const { name } = made;
    const group = this.#group(name);
    const {
      result,
      entered,
      group: changes,
    } = decide({
      canRead,
      group,
      head: this.#head(name),
      member: this.#selectMember.get(name, userId),
      outsider: this.#selectOutsider.get(name, userId)?.outsider,
      groupsOfUser: () => this.#countGroupsOf.get(userId)?.count ?? 0,
    });
    if (!entered) return result;
    const now = { ...(group ?? made), ...changes };
    if (!group) {
      this.#insertGroup.run(name, userId, now.history, now.keyEpoch);
      // Lists of conversations have it among those in which something was said now.
      this.#noteMade.run(groupTimeline(name), this.#clock.now());
    } else if (changes) this.#save(now);
    this.#insertMember.run(name, userId, entered.joined);
    if (now.keyEpoch > 0) this.#keyRows.entered(name, userId, now.keyEpoch, !group);
    this.#addToCount.run(1, name);
    this.#deleteOutsider.run(name, userId);
    return result;
  }

  #leave(name: string, userId: number): boolean {
    const group = this.#group(name);
    if (!group || !this.#takeOut(name, userId)) return false;
    const heirs = this.#selectHeirs.all(name, JSON.stringify(group.admins));
    const next = decideLeave(userId, group, {
      admin: heirs.find(({ isAdmin }) => isAdmin === 1)?.userId,
      member: heirs.find(({ isAdmin }) => isAdmin === 0)?.userId,
    });
    if (!next) this.#end(name);
    else {
      this.#save(next);
      const { keyEpoch: epoch } = next;
      if (epoch > 0) this.#keyRows.gone(name, { epoch, kind: 'left', userId, by: userId });
    }
    return true;
  }

  #change(name: string, by: number, change: GroupChange): ChangeResult {
    const userId = 'userId' in change ? change.userId : 0;
    const known = this.#selectOutsider.get(name, userId)?.outsider;
    const before = this.#group(name);
    const { result, group, outsider } = decideChange(by, change, {
      group: before,
      isMember: this.#selectMember.get(name, userId) !== undefined,
      outsider: known,
      invited: () => this.#outsiders(name, 'invited').length,
    });
    if (group) this.#save(group);
    if (group && group.keyEpoch !== before?.keyEpoch)
      this.#keyRows.gone(name, { epoch: group.keyEpoch, kind: 'removed', userId, by });
    // Who is removed once more keeps their place.
    if (outsider === 'invited' || (outsider && outsider !== known)) {
      this.#takeOut(name, userId);
      this.#deleteOutsider.run(name, userId);
      this.#insertOutsider.run(name, userId, outsider, by);
      const removed = this.#outsiders(name, 'removed');
      if (removed.length > limits.groupRemovedMax) this.#deleteOutsider.run(name, removed[0] ?? 0);
    }
    return result;
  }

  /** False if the user was no member. */
  #takeOut(name: string, userId: number): boolean {
    if (this.#deleteMember.run(name, userId).changes === 0) return false;
    this.#addToCount.run(-1, name);
    return true;
  }

  #end(name: string): void {
    this.#deleteGroup.run(name);
    this.#keyRows.ended(name);
    this.#deleteOutsiders.run(name);
    this.#deleteEntries.run(groupTimeline(name));
    this.#forgetSaid.run(groupTimeline(name));
  }

  #group(name: string): (Group & { readonly members: number }) | undefined {
    const row = this.#selectGroup.get(name);
    return row && { ...row, admins: JSON.parse(row.admins) as number[] };
  }

  #save({ name, title, owner, admins, entry, sharePercent, version, keyEpoch }: Group): void {
    const listed = JSON.stringify(admins);
    const settings = [title, owner, listed, entry, sharePercent];
    this.#updateGroup.run(...settings, version, keyEpoch, name);
  }

  #outsiders(name: string, which: Outsider): number[] {
    return this.#selectOutsiders.all(name, which).map(({ userId }) => userId);
  }

  #membership(group: string, member: MemberRow): Membership {
    return membershipOf(group, member, this.#head(group), member);
  }

  #head(group: string): number {
    return this.#rows.timeline(groupTimeline(group)).head;
  }
}
