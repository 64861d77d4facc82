/** The SQL of sessions: a row per device, one per user for where a Java peer was sent. */
import type { Device } from '../decisions/session.ts';
import { userTimeline } from '../timelines.ts';
import type { Database, Statement } from './database.ts';

interface DeviceRow extends Omit<Device, 'ephemeral'> {
  readonly ephemeral: number;
}

export interface ReadingState {
  readonly head: number;
  /** The last number that any device of the user acknowledged. */
  readonly acknowledged: number;
}

export class DeviceRows {
  readonly #select: Statement<DeviceRow>;
  readonly #selectAll: Statement<DeviceRow>;
  readonly #replace: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #moveCursor: Statement<never>;
  readonly #selectReadingState: Statement<ReadingState>;
  readonly #acknowledge: Statement<never>;
  readonly #selectDeleted: Statement<unknown>;
  readonly #selectGeneration: Statement<{ generation: number }>;
  readonly #updateLastSeen: Statement<never>;
  readonly #selectJavaLogin: Statement<{ address: string }>;
  readonly #replaceJavaLogin: Statement<never>;

  constructor(database: Database) {
    const ofUser = `SELECT user_id AS userId, device, ephemeral, cursor, instance, address,
      connection_number AS connectionNumber, session_id AS sessionId, opened_at AS openedAt,
      closed_at AS closedAt FROM devices WHERE user_id = ?`;
    this.#select = database.prepare(`${ofUser} AND device = ?`);
    this.#selectAll = database.prepare(ofUser);
    this.#replace = database.prepare(
      `INSERT OR REPLACE INTO devices (user_id, device, ephemeral, cursor, connection_number,
         instance, address, session_id, opened_at, closed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#delete = database.prepare('DELETE FROM devices WHERE user_id = ? AND device = ?');
    this.#moveCursor = database.prepare(
      'UPDATE devices SET cursor = ? WHERE user_id = ? AND device = ?',
    );
    this.#selectReadingState = database.prepare(
      'SELECT head, acknowledged FROM timelines WHERE name = ?',
    );
    this.#acknowledge = database.prepare('UPDATE timelines SET acknowledged = ? WHERE name = ?');
    this.#selectDeleted = database.prepare('SELECT 1 FROM deletions WHERE user_id = ?');
    this.#selectGeneration = database.prepare('SELECT generation FROM accounts WHERE user_id = ?');
    this.#updateLastSeen = database.prepare(
      'UPDATE accounts SET last_seen = ? WHERE user_id = ? AND last_seen IS NOT NULL',
    );
    this.#selectJavaLogin = database.prepare('SELECT address FROM java_logins WHERE user_id = ?');
    this.#replaceJavaLogin = database.prepare('INSERT OR REPLACE INTO java_logins VALUES (?, ?)');
  }

  get(userId: number, device: string): Device | undefined {
    const row = this.#select.get(userId, device);
    return row && deviceOf(row);
  }

  of(userId: number): Device[] {
    return this.#selectAll.all(userId).map(deviceOf);
  }

  save(known: Device): void {
    const { userId, device, ephemeral, cursor, connectionNumber } = known;
    const { instance, address, sessionId, openedAt, closedAt } = known;
    this.#replace.run(
      ...[userId, device, Number(ephemeral), cursor, connectionNumber],
      ...[instance, address, sessionId, openedAt, closedAt],
    );
  }

  forget(userId: number, device: string): void {
    this.#delete.run(userId, device);
  }

  moveCursor(userId: number, device: string, cursor: number): void {
    this.#moveCursor.run(cursor, userId, device);
  }

  readingState(userId: number): ReadingState {
    return this.#selectReadingState.get(userTimeline(userId)) ?? { head: 0, acknowledged: 0 };
  }

  acknowledge(userId: number, seq: number): void {
    this.#acknowledge.run(seq, userTimeline(userId));
  }

  isDeleted(userId: number): boolean {
    return this.#selectDeleted.get(userId) !== undefined;
  }

  generation(userId: number): number | undefined {
    return this.#selectGeneration.get(userId)?.generation;
  }

  /** Notes when the user was last seen, if they show it. */
  seen(userId: number, now: number): void {
    this.#updateLastSeen.run(now, userId);
  }

  /** The server that the user's Java peer was told to connect to, if it ever was. */
  javaAddress(userId: number): string | undefined {
    return this.#selectJavaLogin.get(userId)?.address;
  }

  setJavaAddress(userId: number, address: string): void {
    this.#replaceJavaLogin.run(userId, address);
  }
}

function deviceOf({ ephemeral, ...row }: DeviceRow): Device {
  return { ...row, ephemeral: ephemeral === 1 };
}
