/** The rows of keys of encrypted groups, and what joining and leaving change of them. */
import { limits } from '../../base/limits.ts';
import { isOfKeys } from '../decisions/group-keys.ts';
import { drawGroupId, type GroupKeyChange, type KeyState, type SlotOf } from '../group-keys.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';

export interface DrawRow {
  readonly id: number;
  readonly by: number;
  readonly draw: string;
  readonly epoch: number;
  /** Null: it does not count yet. */
  readonly head: number | null;
  readonly keyEpoch: number;
  readonly until: number;
}

type Change = Omit<GroupKeyChange, 'number' | 'at'>;

export class GroupKeyRows {
  readonly #clock: Now;
  readonly #selectState: Statement<KeyState>;
  readonly #selectId: Statement<{ groupId: string }>;
  readonly #updateId: Statement<never>;
  readonly #updateFresh: Statement<never>;
  readonly #updateState: Statement<never>;
  readonly #updateSince: Statement<never>;
  readonly #selectDraws: Statement<DrawRow>;
  readonly #insertDraw: Statement<never>;
  readonly #updateUntil: Statement<never>;
  readonly #updateHead: Statement<never>;
  readonly #deleteDraw: Statement<never>;
  readonly #deleteSlotsOf: Statement<never>;
  readonly #insertSlot: Statement<never>;
  readonly #deleteOwnSlots: Statement<never>;
  readonly #deleteGiven: Statement<never>;
  readonly #deleteEnded: readonly Statement<never>[];
  readonly #selectNumber: Statement<{ number: number | null }>;
  readonly #insertChange: Statement<never>;
  readonly #deleteChanges: Statement<never>;

  constructor(database: Database, clock: Now) {
    this.#clock = clock;
    this.#selectState = database.prepare(
      'SELECT key_epoch AS keyEpoch, fresh_from AS freshFrom, drawn FROM groups WHERE name = ?',
    );
    this.#selectId = database.prepare('SELECT group_id AS groupId FROM groups WHERE name = ?');
    this.#updateId = database.prepare('UPDATE groups SET group_id = ? WHERE name = ?');
    this.#updateFresh = database.prepare('UPDATE groups SET fresh_from = key_epoch WHERE name = ?');
    this.#updateState = database.prepare(
      'UPDATE groups SET key_epoch = ?2, fresh_from = ?3, drawn = ?4, version = version + ?5 WHERE name = ?1',
    );
    this.#updateSince = database.prepare(
      'UPDATE members SET key_since = ? WHERE name = ? AND user_id = ?',
    );
    this.#selectDraws = database.prepare(
      `SELECT id, by, draw, epoch, head, key_epoch AS keyEpoch, until FROM group_draws
         WHERE name = ? ORDER BY epoch`,
    );
    this.#insertDraw = database.prepare(
      `INSERT INTO group_draws (name, by, draw, epoch, head, key_epoch, until)
         VALUES (?, ?, ?, ?, NULL, ?, ?)`,
    );
    this.#updateUntil = database.prepare('UPDATE group_draws SET until = ? WHERE id = ?');
    this.#updateHead = database.prepare('UPDATE group_draws SET head = ? WHERE id = ?');
    this.#deleteDraw = database.prepare('DELETE FROM group_draws WHERE id = ?');
    this.#deleteSlotsOf = database.prepare('DELETE FROM group_draw_slots WHERE draw = ?');
    this.#insertSlot = database.prepare(
      'INSERT OR REPLACE INTO group_draw_slots (draw, user_id, sealed) VALUES (?, ?, ?)',
    );
    this.#deleteOwnSlots = database.prepare(
      `DELETE FROM group_draw_slots
         WHERE user_id = ?2 AND draw IN (SELECT id FROM group_draws WHERE name = ?1)`,
    );
    this.#deleteGiven = database.prepare(
      'DELETE FROM group_given_slots WHERE name = ? AND user_id = ?',
    );
    this.#deleteEnded = [
      'DELETE FROM group_draw_slots WHERE draw IN (SELECT id FROM group_draws WHERE name = ?)',
      'DELETE FROM group_draws WHERE name = ?',
      'DELETE FROM group_given_slots WHERE name = ?',
      'DELETE FROM group_changes WHERE name = ?',
    ].map((sql) => database.prepare(sql));
    this.#selectNumber = database.prepare(
      'SELECT max(number) AS number FROM group_changes WHERE name = ? AND of_keys = ?',
    );
    this.#insertChange = database.prepare(
      `INSERT INTO group_changes (name, of_keys, number, epoch, kind, user_id, by, at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#deleteChanges = database.prepare(
      'DELETE FROM group_changes WHERE name = ? AND of_keys = ? AND number <= ?',
    );
  }

  /** Undefined: there is no such group. */
  state(name: string): KeyState | undefined {
    return this.#selectState.get(name);
  }

  groupId(name: string): string {
    return this.#selectId.get(name)?.groupId ?? '';
  }

  /** Somebody is a member from this epoch on, which the group has by now. */
  entered(name: string, userId: number, epoch: number, isFirst: boolean): void {
    if (isFirst) this.#updateFresh.run(name);
    if (isFirst) this.#updateId.run(drawGroupId(), name);
    this.#updateSince.run(epoch, name, userId);
    this.noteChange(name, { epoch, kind: isFirst ? 'created' : 'joined', userId, by: userId });
  }

  /** Somebody is no member any more, from the epoch on which the group has by now. */
  gone(name: string, change: Change): void {
    this.#updateFresh.run(name);
    this.forgetSlots(name, change.userId);
    const staged = this.staged(name, change.userId);
    if (staged) this.drop(staged.id);
    this.noteChange(name, change);
  }

  /** The group is gone. */
  ended(name: string): void {
    for (const statement of this.#deleteEnded) statement.run(name);
  }

  /** What is sealed for a member. */
  forgetSlots(name: string, userId: number): void {
    this.#deleteOwnSlots.run(name, userId);
    this.#deleteGiven.run(name, userId);
  }

  /** That count, by epoch. */
  draws(name: string): (DrawRow & { readonly head: number })[] {
    return this.#selectDraws.all(name).flatMap((row) => {
      const { head } = row;
      return head === null ? [] : [{ ...row, head }];
    });
  }

  /** What a member has begun; undefined if nothing, or too long ago. */
  staged(name: string, by: number): DrawRow | undefined {
    const row = this.#selectDraws.all(name).find((each) => each.by === by && each.head === null);
    return row;
  }

  begin(name: string, draw: Pick<DrawRow, 'by' | 'draw' | 'epoch' | 'keyEpoch'>): number {
    const { by, epoch, keyEpoch } = draw;
    const { lastInsertRowid } = this.#insertDraw.run(name, by, draw.draw, epoch, keyEpoch, 0);
    return Number(lastInsertRowid);
  }

  addSlots(draw: number, slots: readonly SlotOf[]): void {
    for (const { userId, sealed } of slots) this.#insertSlot.run(draw, userId, sealed);
    this.#updateUntil.run(this.#clock.now() + limits.groupKeyStagedMs, draw);
  }

  /** It counts from now on. */
  count(name: string, draw: number, head: number, state: KeyState, isNext: boolean): void {
    const { keyEpoch, freshFrom, drawn } = state;
    this.#updateHead.run(head, draw);
    this.#updateState.run(name, keyEpoch, freshFrom, drawn, Number(isNext));
  }

  drop(draw: number): void {
    this.#deleteSlotsOf.run(draw);
    this.#deleteDraw.run(draw);
  }

  noteChange(name: string, { epoch, kind, userId, by }: Change): void {
    const ofKeys = Number(isOfKeys(kind));
    const number = (this.#selectNumber.get(name, ofKeys)?.number ?? 0) + 1;
    this.#insertChange.run(name, ofKeys, number, epoch, kind, userId, by, this.#clock.now());
    this.#deleteChanges.run(name, ofKeys, number - limits.groupChangesMax);
  }
}
