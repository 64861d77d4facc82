/**
 * The SQL of sessions: a row per device, one per user for where a Java peer was sent. What may
 * follow what is in sqlite-sessions.ts.
 */
import { javaDevice, type SessionClose, type SessionOpen } from '../sessions.ts';
import { userTimeline } from '../timelines.ts';
import type { Database, Statement } from './database.ts';

export interface DeviceRow {
  readonly cursor: number;
  readonly connectionNumber: number;
  readonly instance: string;
  readonly address: string;
  readonly sessionId: number;
  readonly openedAt: number;
  /** Null while the connection is open. */
  readonly closedAt: number | null;
}

export interface ReadingState {
  readonly head: number;
  /** The last number that any device of the user acknowledged. */
  readonly acknowledged: number;
}

export class DeviceRows {
  readonly #select: Statement<DeviceRow>;
  readonly #insert: Statement<never>;
  readonly #reopen: Statement<never>;
  readonly #close: Statement<never>;
  readonly #deleteEphemeral: Statement<never>;
  readonly #count: Statement<{ count: number }>;
  readonly #evict: Statement<never>;
  readonly #selectReadingState: Statement<ReadingState>;
  readonly #acknowledgeTimeline: Statement<{ head: number }>;
  readonly #acknowledgeDevice: Statement<never>;
  readonly #selectJavaLogin: Statement<{ address: string }>;
  readonly #upsertJavaLogin: Statement<never>;

  constructor(database: Database) {
    this.#select = database.prepare(
      `SELECT cursor, connection_number AS connectionNumber, instance, address,
         session_id AS sessionId, opened_at AS openedAt, closed_at AS closedAt
       FROM devices WHERE user_id = ? AND device = ?`,
    );
    this.#insert = database.prepare(
      `INSERT INTO devices (user_id, device, ephemeral, cursor, connection_number, instance, address,
         session_id, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    // Whether it is ephemeral was decided when it was first seen: it is counted so.
    this.#reopen = database.prepare(
      `UPDATE devices SET connection_number = ?, instance = ?, address = ?, session_id = ?,
         opened_at = ?, closed_at = NULL WHERE user_id = ? AND device = ?`,
    );
    this.#close = database.prepare(
      `UPDATE devices SET closed_at = ?
       WHERE user_id = ? AND device = ? AND connection_number = ? AND closed_at IS NULL`,
    );
    this.#deleteEphemeral = database.prepare(
      'DELETE FROM devices WHERE user_id = ? AND device = ? AND ephemeral AND closed_at IS NOT NULL',
    );
    this.#count = database.prepare(
      'SELECT count(*) AS count FROM devices WHERE user_id = ? AND ephemeral = ?',
    );
    // Not the Java peers' device: its numbers would start anew.
    this.#evict = database.prepare(
      `DELETE FROM devices WHERE user_id = ?1 AND device = (
         SELECT device FROM devices
         WHERE user_id = ?1 AND device <> '${javaDevice}' AND NOT ephemeral AND closed_at IS NOT NULL
         ORDER BY closed_at LIMIT 1)`,
    );
    this.#selectReadingState = database.prepare(
      'SELECT head, acknowledged FROM timelines WHERE name = ?',
    );
    this.#acknowledgeTimeline = database.prepare(
      `UPDATE timelines SET acknowledged = max(acknowledged, min(?, head)) WHERE name = ?
       RETURNING head`,
    );
    this.#acknowledgeDevice = database.prepare(
      `UPDATE devices SET cursor = CASE WHEN cursor > ?1 THEN ?2 ELSE max(cursor, ?2) END
       WHERE user_id = ?3 AND device = ?4`,
    );
    this.#selectJavaLogin = database.prepare('SELECT address FROM java_logins WHERE user_id = ?');
    this.#upsertJavaLogin = database.prepare(
      `INSERT INTO java_logins (user_id, address) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET address = excluded.address`,
    );
  }

  get(userId: number, device: string): DeviceRow | undefined {
    return this.#select.get(userId, device);
  }

  insert(report: SessionOpen, connectionNumber: number, cursor: number, now: number): void {
    const { userId, device, ephemeral, instance, address, sessionId } = report;
    this.#insert.run(
      userId,
      device,
      Number(ephemeral),
      cursor,
      connectionNumber,
      instance,
      address,
      sessionId,
      now,
    );
  }

  reopen(report: SessionOpen, connectionNumber: number, now: number): void {
    const { userId, device, instance, address, sessionId } = report;
    this.#reopen.run(connectionNumber, instance, address, sessionId, now, userId, device);
  }

  close({ userId, device, connectionNumber }: SessionClose, now: number): void {
    this.#close.run(now, userId, device, connectionNumber);
    this.#deleteEphemeral.run(userId, device);
  }

  count(userId: number, ephemeral: boolean): number {
    return this.#count.get(userId, Number(ephemeral))?.count ?? 0;
  }

  /** Forgets the device that closed longest ago; false if all are open. */
  evict(userId: number): boolean {
    return this.#evict.run(userId).changes !== 0;
  }

  readingState(userId: number): ReadingState {
    return this.#selectReadingState.get(userTimeline(userId)) ?? { head: 0, acknowledged: 0 };
  }

  acknowledge(userId: number, device: string, seq: number): void {
    const head = this.#acknowledgeTimeline.get(seq, userTimeline(userId))?.head ?? 0;
    this.#acknowledgeDevice.run(head, Math.min(seq, head), userId, device);
  }

  /** The server that the user's Java peer was told to connect to, if it ever was. */
  javaAddress(userId: number): string | undefined {
    return this.#selectJavaLogin.get(userId)?.address;
  }

  setJavaAddress(userId: number, address: string): void {
    this.#upsertJavaLogin.run(userId, address);
  }
}
