/**
 * Sessions in SQLite: which connection of a device is the newest, and where it starts reading. The
 * SQL is in device-rows.ts.
 */
import type { Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
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
import type { Database, Statement } from './database.ts';
import { type DeviceRow, DeviceRows } from './device-rows.ts';
import type { Watchers } from './watchers.ts';

const stale: SessionOpenResult = { status: 'stale' };
const anyGeneration = 0;

export interface SqliteSessionsOptions {
  readonly database: Database;
  readonly watchers: Watchers;
  readonly clock: Clock;
}

/**
 * Its writes are `ordered`, not `durable`: what a power failure takes, the logins that follow it
 * set right.
 */
export class SqliteSessions implements Sessions {
  readonly #database: Database;
  readonly #devices: DeviceRows;
  readonly #watchers: Watchers;
  readonly #clock: Clock;
  readonly #selectGeneration: Statement<{ generation: number }>;

  constructor({ database, watchers, clock }: SqliteSessionsOptions) {
    this.#database = database;
    this.#devices = new DeviceRows(database);
    this.#watchers = watchers;
    this.#clock = clock;
    this.#selectGeneration = database.prepare('SELECT generation FROM accounts WHERE user_id = ?');
  }

  async open(batch: readonly SessionOpen[]): Promise<SessionOpenResult[]> {
    return this.#database.transaction('ordered', () => batch.map((report) => this.#open(report)));
  }

  async close(batch: readonly SessionClose[]): Promise<void> {
    this.#database.transaction('ordered', () => {
      for (const report of batch) this.#close(report);
    });
  }

  async check(batch: readonly SessionCheck[]): Promise<SessionCheckResult[]> {
    return this.#database.read(() =>
      batch.map((check) => ({
        known: this.#isOpen(check),
        head: this.#devices.readingState(check.userId).head,
      })),
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
      for (const { userId, device, seq } of batch) this.#devices.acknowledge(userId, device, seq);
    });
  }

  async assignJava(userId: number, address: string): Promise<void> {
    this.#database.transaction('ordered', () => this.#devices.setJavaAddress(userId, address));
  }

  async endJava(userId: number, openedBefore: number): Promise<Session | null> {
    return this.#database.transaction('ordered', () => {
      const known = this.#devices.get(userId, javaDevice);
      if (known?.closedAt !== null || known.openedAt >= openedBefore) return null;
      const ended = sessionOf(userId, javaDevice, known);
      this.#close(ended);
      return ended;
    });
  }

  async now(): Promise<number> {
    return this.#clock.now();
  }

  #open(report: SessionOpen): SessionOpenResult {
    const { userId, device } = report;
    if (this.#isRevoked(report)) return { status: 'revoked' };
    const known = this.#devices.get(userId, device);
    const { head, acknowledged } = this.#devices.readingState(userId);
    // A cursor beyond the head is one of a lost tail.
    const cursor = Math.min(known?.cursor ?? acknowledged, head);
    if (known && device !== javaDevice && isEnded(known, report)) return { status: 'ended' };
    if (known && isSameConnection(known, report)) {
      if (known.closedAt !== null) return stale;
      const { connectionNumber } = known;
      return { status: 'opened', connectionNumber, replaced: null, cursor, head };
    }

    const connectionNumber =
      device === javaDevice ? this.#javaNumber(report, known) : report.connectionNumber;
    if (connectionNumber === null) return stale;
    if (known && connectionNumber <= known.connectionNumber) return stale;
    if (!known && !this.#makeRoom(report)) return { status: 'too-many-devices' };

    const now = this.#clock.now();
    if (known) this.#devices.reopen(report, connectionNumber, now);
    else this.#devices.insert(report, connectionNumber, cursor, now);
    this.#watchers.changed(userId);
    const replaced = known?.closedAt === null ? sessionOf(userId, device, known) : null;
    return { status: 'opened', connectionNumber, replaced, cursor, head };
  }

  /** Not from the watchers: asked about everybody in turn, they would remember everybody. */
  #isOpen(check: SessionCheck): boolean {
    const { userId, device } = check;
    const known = this.#devices.get(userId, device);
    return known?.closedAt === null && isSameSession(sessionOf(userId, device, known), check);
  }

  #isRevoked({ userId, generation }: SessionOpen): boolean {
    if (generation === anyGeneration) return false;
    return this.#selectGeneration.get(userId)?.generation !== generation;
  }

  #close(report: SessionClose): void {
    this.#devices.close(report, this.#clock.now());
    this.#watchers.changed(report.userId);
  }

  /**
   * Numbers the connections of a Java peer as they come; null for one that came too late, or to
   * another server than it was given.
   */
  #javaNumber(report: SessionOpen, known: DeviceRow | undefined): number | null {
    const address = this.#devices.javaAddress(report.userId);
    if (address !== undefined && address !== report.address) return null;
    if (known?.instance === report.instance && known.sessionId > report.sessionId) return null;
    return (known?.connectionNumber ?? 0) + 1;
  }

  /**
   * Whether a device that is not known fits in, if need be in the place of the one that closed
   * longest ago.
   */
  #makeRoom({ userId, ephemeral }: SessionOpen): boolean {
    if (this.#devices.count(userId, ephemeral) < limits.devicesPerUserMax) return true;
    return !ephemeral && this.#devices.evict(userId);
  }
}

function isSameConnection(known: DeviceRow, report: SessionOpen): boolean {
  return (
    known.instance === report.instance &&
    known.sessionId === report.sessionId &&
    (report.device === javaDevice || known.connectionNumber === report.connectionNumber)
  );
}

function isEnded({ closedAt, connectionNumber }: DeviceRow, report: SessionOpen): boolean {
  return closedAt !== null && connectionNumber === report.connectionNumber;
}

function sessionOf(userId: number, device: string, known: DeviceRow): Session {
  const { connectionNumber, instance, address, sessionId } = known;
  return { userId, device, connectionNumber, instance, address, sessionId };
}
