/** The register of group keys in SQLite. */

import type { GroupHistory } from '../../base/group-history.ts';
import { limits } from '../../base/limits.ts';
import {
  afterDraw,
  decideDraw,
  drawsToDrop,
  mayGive,
  pageOfSlots,
} from '../decisions/group-keys.ts';
import type {
  ChangesPlace,
  Draw,
  Drawn,
  GivenSlot,
  GroupKeyChange,
  GroupKeyChanges,
  GroupKeys,
  KeySlot,
  KeyState,
  NoRegister,
  OwnKeys,
  SlotPlace,
} from '../group-keys.ts';
import { groupTimeline } from '../timelines.ts';
import type { Database, Statement } from './database.ts';
import type { GroupKeyRows } from './group-key-rows.ts';
import type { Now } from './store-time.ts';
import type { TimelineRows } from './timeline-rows.ts';

interface MemberRow {
  readonly since: number;
  readonly hasKey: number;
  readonly history: GroupHistory;
}

export interface SqliteGroupKeysOptions {
  readonly database: Database;
  readonly rows: TimelineRows;
  readonly keyRows: GroupKeyRows;
  readonly messagesMax: number;
  readonly clock: Now;
}

export class SqliteGroupKeys implements GroupKeys {
  readonly #options: SqliteGroupKeysOptions;
  readonly #selectMember: Statement<MemberRow>;
  readonly #selectSlotless: Statement<{ userId: number }>;
  readonly #selectUnusable: Statement<{ userId: number }>;
  readonly #deleteUnusable: Statement<never>;
  readonly #setKeys: Statement<never>;
  readonly #setKey: Statement<never>;
  readonly #selectDrawnSlots: Statement<KeySlot>;
  readonly #selectGivenSlots: Statement<KeySlot>;
  readonly #insertGiven: Statement<never>;
  readonly #deleteOldGiven: Statement<never>;
  readonly #selectKeyless: Statement<{ userId: number; since: number }>;
  readonly #selectChanges: Statement<GroupKeyChange>;

  constructor(options: SqliteGroupKeysOptions) {
    const { database } = options;
    this.#options = options;
    this.#selectMember = database.prepare(
      `SELECT key_since AS since, has_key AS hasKey, history FROM members JOIN groups USING (name)
         WHERE name = ? AND user_id = ?`,
    );
    this.#selectSlotless = database.prepare(
      `SELECT user_id AS userId FROM members WHERE name = ?1 AND user_id NOT IN
         (SELECT user_id FROM group_draw_slots WHERE draw = ?2)
         ORDER BY user_id LIMIT ${limits.groupKeyMissingMax}`,
    );
    this.#selectUnusable = database.prepare(
      "SELECT user_id AS userId FROM group_draw_slots WHERE draw = ? AND sealed = ''",
    );
    this.#deleteUnusable = database.prepare(
      "DELETE FROM group_draw_slots WHERE draw = ? AND sealed = ''",
    );
    this.#setKeys = database.prepare('UPDATE members SET has_key = 1 WHERE name = ?');
    this.#setKey = database.prepare(
      'UPDATE members SET has_key = ? WHERE name = ? AND user_id = ?',
    );
    this.#selectDrawnSlots = database.prepare(
      `SELECT epoch, by, group_draws.draw AS draw, sealed FROM group_draws
         JOIN group_draw_slots ON group_draw_slots.draw = group_draws.id
         WHERE name = ? AND head IS NOT NULL AND user_id = ?`,
    );
    this.#selectGivenSlots = database.prepare(
      `SELECT epoch, by, '' AS draw, sealed FROM group_given_slots WHERE name = ? AND user_id = ?`,
    );
    this.#insertGiven = database.prepare(
      'INSERT INTO group_given_slots (name, user_id, epoch, by, sealed) VALUES (?, ?, ?, ?, ?)',
    );
    this.#deleteOldGiven = database.prepare(
      'DELETE FROM group_given_slots WHERE name = ? AND user_id = ? AND epoch < ?',
    );
    this.#selectKeyless = database.prepare(
      `SELECT user_id AS userId, key_since AS since FROM members
         WHERE name = ? AND NOT has_key AND user_id <> ? ORDER BY key_since
         LIMIT ${limits.groupKeyMissingMax}`,
    );
    this.#selectChanges = database.prepare(
      `SELECT number, epoch, kind, user_id AS userId, by, at FROM group_changes
         WHERE name = ? AND of_keys = ? AND number > ? ORDER BY number LIMIT ${limits.groupChangesPageMax}`,
    );
  }

  async draw(draw: Draw): Promise<Drawn | NoRegister> {
    return this.#options.database.transaction('durable', () => {
      const state = this.#stateFor(draw.group, draw.by);
      return typeof state === 'string' ? state : this.#draw(draw, state);
    });
  }

  async give(group: string, by: number, slots: readonly GivenSlot[]): Promise<number | NoRegister> {
    return this.#options.database.transaction('durable', () => {
      const state = this.#stateFor(group, by);
      if (typeof state === 'string') return state;
      const draws = this.#options.keyRows.draws(group).map(({ epoch }) => epoch);
      return slots.filter((slot) => this.#give(group, by, slot, state, draws)).length;
    });
  }

  async read(group: string, userId: number, after?: SlotPlace): Promise<OwnKeys | NoRegister> {
    return this.#options.database.read(() => {
      const state = this.#stateFor(group, userId);
      if (typeof state === 'string') return state;
      const draws = this.#options.keyRows.draws(group);
      const slots = {
        drawn: this.#selectDrawnSlots.all(group, userId),
        given: this.#selectGivenSlots.all(group, userId),
        draws: draws.map(({ epoch }) => epoch),
      };
      return {
        ...state,
        drawId: draws.at(-1)?.draw ?? '',
        ...pageOfSlots(slots, after),
        missing: this.#selectKeyless.all(group, userId),
      };
    });
  }

  async forget(group: string, userId: number): Promise<NoRegister | null> {
    return this.#options.database.transaction('durable', () => {
      const state = this.#stateFor(group, userId);
      if (typeof state === 'string') return state;
      this.#options.keyRows.forgetSlots(group, userId);
      this.#setKey.run(0, group, userId);
      return null;
    });
  }

  async changes(
    group: string,
    userId: number,
    after: ChangesPlace,
  ): Promise<GroupKeyChanges | NoRegister> {
    return this.#options.database.read(() => {
      const state = this.#stateFor(group, userId);
      if (typeof state === 'string') return state;
      return {
        groupId: this.#options.keyRows.groupId(group),
        members: this.#selectChanges.all(group, 0, after.members),
        keys: this.#selectChanges.all(group, 1, after.keys),
      };
    });
  }

  #stateFor(group: string, userId: number): KeyState | NoRegister {
    if (!this.#selectMember.get(group, userId)) return 'not-a-member';
    const state = this.#options.keyRows.state(group);
    return state && state.keyEpoch > 0 ? state : 'not-encrypted';
  }

  #draw(draw: Draw, state: KeyState): Drawn {
    const { keyRows, clock } = this.#options;
    const { group, by } = draw;
    const newest = keyRows.draws(group).at(-1);
    const answer = { ...state, drawId: newest?.draw ?? '', missing: [] };
    const found = keyRows.staged(group, by);
    const staged = found && found.until > clock.now() ? found : undefined;
    const verdict = decideDraw(draw, state, newest, staged);
    if (verdict === 'committed') return { ...answer, status: verdict };
    if (found && verdict !== 'goes-on') keyRows.drop(found.id);
    if (verdict === 'taken' || verdict === 'stale') return { ...answer, status: verdict };
    const { keyEpoch } = state;
    const id =
      verdict === 'goes-on' && staged ? staged.id : keyRows.begin(group, { ...draw, keyEpoch });
    keyRows.addSlots(
      id,
      draw.slots.filter(({ userId }) => this.#selectMember.get(group, userId)),
    );
    if (!draw.commit) return { ...answer, status: 'staged' };
    const missing = this.#selectSlotless.all(group, id).map(({ userId }) => userId);
    if (missing.length > 0) return { ...answer, status: 'incomplete', missing };
    return this.#commit(draw, id, state);
  }

  #commit({ group, by, epoch, draw }: Draw, id: number, { keyEpoch }: KeyState): Drawn {
    const { rows, keyRows, messagesMax } = this.#options;
    const state = afterDraw(epoch);
    const { head } = rows.timeline(groupTimeline(group));
    keyRows.count(group, id, head, state, epoch !== keyEpoch);
    this.#setKeys.run(group);
    for (const { userId } of this.#selectUnusable.all(id)) this.#setKey.run(0, group, userId);
    this.#deleteUnusable.run(id);
    const draws = keyRows.draws(group);
    const dropped = drawsToDrop(draws, messagesMax);
    for (const each of draws) if (dropped.includes(each.epoch)) keyRows.drop(each.id);
    keyRows.noteChange(group, { epoch, kind: 'drawn', userId: by, by });
    return { ...state, status: 'committed', drawId: draw, missing: [] };
  }

  #give(
    group: string,
    by: number,
    { userId, epoch, sealed }: GivenSlot,
    state: KeyState,
    draws: readonly number[],
  ): boolean {
    const member = this.#selectMember.get(group, userId);
    const given = this.#selectGivenSlots.all(group, userId);
    const since = member?.since;
    const facts = { state, draws, since, showsAll: member?.history === 'all', given };
    if (!member || !mayGive({ epoch, by, userId }, facts)) return false;
    this.#deleteOldGiven.run(group, userId, Math.min(...draws));
    this.#insertGiven.run(group, userId, epoch, by, sealed);
    if (member.hasKey === 0 && epoch >= member.since) {
      this.#setKey.run(1, group, userId);
      this.#options.keyRows.noteChange(group, { epoch, kind: 'given', userId, by });
    }
    return true;
  }
}
