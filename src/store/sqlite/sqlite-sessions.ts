/** Sessions in SQLite: what follows from what is in decisions/session.ts, the SQL in device-rows.ts. */
import { decideClose, decideOpen, endsJava, movedCursor, sessionOf } from '../decisions/session.ts';
import {
  type Acknowledgement,
  isSameSession,
  javaDevice,
  type Session,
  type SessionCheck,
  type SessionCheckResult,
  type SessionClose,
  type SessionOpen,
  type SessionOpenResult,
  type Sessions,
} from '../sessions.ts';
import type { Database } from './database.ts';
import { DeviceRows } from './device-rows.ts';
import type { Now } from './store-time.ts';
import type { Watchers } from './watchers.ts';

export interface SqliteSessionsOptions {
  readonly database: Database;
  readonly watchers: Watchers;
  readonly clock: Now;
}

/**
 * Its writes are `ordered`, not `durable`: what a power failure takes, the logins that follow it
 * set right.
 */
export class SqliteSessions implements Sessions {
  readonly #database: Database;
  readonly #devices: DeviceRows;
  readonly #watchers: Watchers;
  readonly #clock: Now;

  constructor({ database, watchers, clock }: SqliteSessionsOptions) {
    this.#database = database;
    this.#devices = new DeviceRows(database);
    this.#watchers = watchers;
    this.#clock = clock;
  }

  async open(batch: readonly SessionOpen[]): Promise<SessionOpenResult[]> {
    return this.#database.transaction('ordered', () => batch.map((report) => this.#open(report)));
  }

  async close(batch: readonly SessionClose[]): Promise<void> {
    this.#database.transaction('ordered', () => {
      for (const report of batch) this.#close(report);
    });
  }

  /** Not from the watchers: asked about everybody in turn, they would remember everybody. */
  async check(batch: readonly SessionCheck[]): Promise<SessionCheckResult[]> {
    return this.#database.read(() =>
      batch.map((check) => {
        const known = this.#devices.get(check.userId, check.device);
        return {
          known: known?.closedAt === null && isSameSession(known, check),
          head: this.#devices.readingState(check.userId).head,
        };
      }),
    );
  }

  async of(userIds: readonly number[]): Promise<Session[][]> {
    return this.#database.read(() =>
      userIds.map((userId) =>
        this.#watchers.ofUser(userId).map((watcher) => ({ userId, ...watcher })),
      ),
    );
  }

  async acknowledge(batch: readonly Acknowledgement[]): Promise<void> {
    this.#database.transaction('ordered', () => {
      for (const report of batch) this.#acknowledge(report);
    });
  }

  async assignJava(userId: number, address: string): Promise<void> {
    this.#database.transaction('ordered', () => this.#devices.setJavaAddress(userId, address));
  }

  async endJava(userId: number, openedBefore: number): Promise<Session | null> {
    return this.#database.transaction('ordered', () => {
      const known = this.#devices.get(userId, javaDevice);
      if (!endsJava(known, openedBefore)) return null;
      this.#close(known);
      return sessionOf(known);
    });
  }

  async now(): Promise<number> {
    return this.#clock.now();
  }

  #open(report: SessionOpen): SessionOpenResult {
    const { userId, device } = report;
    const devices = this.#devices;
    const facts = {
      ...devices.readingState(userId),
      known: devices.get(userId, device),
      isDeleted: () => devices.isDeleted(userId),
      generation: () => devices.generation(userId),
      javaAddress: () => devices.javaAddress(userId),
      devices: () => devices.of(userId),
    };
    const { result, opened, evicted } = decideOpen(report, facts, this.#clock.now());
    if (evicted !== null) devices.forget(userId, evicted);
    if (opened) {
      devices.save(opened);
      devices.seen(userId, opened.openedAt);
      this.#watchers.changed(userId);
    }
    return result;
  }

  #close(report: SessionClose): void {
    const { userId, device } = report;
    const now = this.#clock.now();
    const kept = decideClose(this.#devices.get(userId, device), report, now);
    if (kept === undefined) return;
    this.#devices.seen(userId, now);
    if (kept) this.#devices.save(kept);
    else this.#devices.forget(userId, device);
    this.#watchers.changed(userId);
  }

  #acknowledge({ userId, device, seq }: Acknowledgement): void {
    const { head, acknowledged } = this.#devices.readingState(userId);
    const newest = movedCursor(acknowledged, seq, head);
    if (newest !== acknowledged) this.#devices.acknowledge(userId, newest);
    const known = this.#devices.get(userId, device);
    const cursor = known && movedCursor(known.cursor, seq, head);
    if (cursor !== known?.cursor) this.#devices.moveCursor(userId, device, Number(cursor));
  }
}
