/** Named groups in SQLite. One transaction per call: there is no list beside the members to heal. */
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
import type { Database, Statement } from './database.ts';
import type { TimelineRows } from './timeline-rows.ts';

interface GroupRow extends Group {
  readonly members: number;
}

interface Place {
  readonly joined: number;
  readonly cursor: number;
}

export class SqliteGroups implements Groups {
  readonly #database: Database;
  readonly #rows: TimelineRows;
  readonly #selectGroup: Statement<GroupRow>;
  readonly #insertGroup: Statement<never>;
  readonly #updateOwner: Statement<never>;
  readonly #deleteGroup: Statement<never>;
  readonly #selectPlace: Statement<Place>;
  readonly #selectGroupsOf: Statement<Place & { name: string }>;
  readonly #selectPage: Statement<{ userId: number }>;
  readonly #selectLongestStanding: Statement<{ userId: number }>;
  readonly #addToCount: Statement<never>;
  readonly #countGroupsOf: Statement<{ count: number }>;
  readonly #insertMember: Statement<never>;
  readonly #deleteMember: Statement<never>;
  readonly #acknowledge: Statement<never>;
  readonly #deleteEntries: Statement<never>;

  constructor(database: Database, rows: TimelineRows) {
    this.#database = database;
    this.#rows = rows;
    this.#selectGroup = database.prepare('SELECT name, owner, members FROM groups WHERE name = ?');
    this.#insertGroup = database.prepare('INSERT INTO groups (name, owner) VALUES (?, ?)');
    this.#updateOwner = database.prepare('UPDATE groups SET owner = ? WHERE name = ?');
    this.#deleteGroup = database.prepare('DELETE FROM groups WHERE name = ?');
    this.#selectPlace = database.prepare(
      'SELECT joined, cursor FROM members WHERE name = ? AND user_id = ?',
    );
    this.#selectGroupsOf = database.prepare(
      'SELECT name, joined, cursor FROM members WHERE user_id = ?',
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
    this.#acknowledge = database.prepare(
      'UPDATE members SET cursor = max(cursor, ?) WHERE name = ? AND user_id = ?',
    );
    this.#deleteEntries = database.prepare(
      'DELETE FROM entries WHERE timeline = (SELECT id FROM timelines WHERE name = ?)',
    );
  }

  async create(name: string, owner: number): Promise<CreateResult> {
    return this.#database.transaction('durable', () => {
      const group = this.#selectGroup.get(name);
      if (!group) return this.#enter({ name, owner, members: 0 }, owner);
      if (group.owner !== owner) return { status: 'group-exists', owner: group.owner };
      return this.#enter(group, owner);
    });
  }

  async join(name: string, userId: number): Promise<JoinResult> {
    return this.#database.transaction('durable', () => {
      const group = this.#selectGroup.get(name);
      return group ? this.#enter(group, userId) : { status: 'unknown-group' };
    });
  }

  async leave(name: string, userId: number): Promise<boolean> {
    const left = this.#database.transaction('durable', () => this.#leave(name, userId));
    // With its last member it has lost its messages.
    if (left) this.#rows.forgetTimeline(groupTimeline(name));
    return left;
  }

  async of(userId: number): Promise<Membership[]> {
    const memberships = this.#database.read(() =>
      this.#selectGroupsOf.all(userId).map(({ name, ...place }) => this.#membership(name, place)),
    );
    return memberships.toSorted((one, other) => (one.group < other.group ? -1 : 1));
  }

  async find(name: string): Promise<Group | null> {
    const group = this.#database.read(() => this.#selectGroup.get(name));
    return group ? { name, owner: group.owner } : null;
  }

  async members(name: string, after: number, limit: number): Promise<number[]> {
    const page = this.#database.read(() => this.#selectPage.all(name, after, limit));
    return page.map(({ userId }) => userId);
  }

  async areMembers(
    questions: readonly { readonly group: string; readonly userId: number }[],
  ): Promise<boolean[]> {
    return this.#database.read(() =>
      questions.map(({ group, userId }) => this.#selectPlace.get(group, userId) !== undefined),
    );
  }

  async acknowledge(batch: readonly GroupAcknowledgement[]): Promise<void> {
    this.#database.transaction('ordered', () => {
      for (const { group, userId, seq } of batch) {
        this.#acknowledge.run(Math.min(seq, this.#head(group)), group, userId);
      }
    });
  }

  /** Into a group that exists, or (nobody is in it) is to be made. */
  #enter({ name, owner, members }: GroupRow, userId: number): JoinResult {
    const place = this.#selectPlace.get(name, userId);
    if (place)
      return { status: 'joined', owner, already: true, membership: this.#membership(name, place) };

    const groups = this.#countGroupsOf.get(userId)?.count ?? 0;
    if (members >= limits.groupMembersMax || groups >= limits.groupsPerUserMax) {
      return { status: 'too-many' };
    }
    if (members === 0) this.#insertGroup.run(name, owner);
    const joined = this.#head(name);
    this.#insertMember.run(name, userId, joined);
    this.#addToCount.run(1, name);
    const membership = this.#membership(name, { joined, cursor: joined });
    return { status: 'joined', owner, already: false, membership };
  }

  #leave(name: string, userId: number): boolean {
    if (this.#deleteMember.run(name, userId).changes === 0) return false;
    this.#addToCount.run(-1, name);
    const heir = this.#selectLongestStanding.get(name);
    if (!heir) {
      this.#deleteGroup.run(name);
      this.#deleteEntries.run(groupTimeline(name));
    } else if (this.#selectGroup.get(name)?.owner === userId) {
      this.#updateOwner.run(heir.userId, name);
    }
    return true;
  }

  #membership(group: string, place: Place): Membership {
    return { group, ...place, head: this.#head(group) };
  }

  #head(group: string): number {
    return this.#rows.timeline(groupTimeline(group)).head;
  }
}
