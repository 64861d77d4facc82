/** Sessions in memory, as src/store/sessions.ts says it, and nothing besides. */
import {
  type Device,
  decideClose,
  decideOpen,
  endsJava,
  movedCursor,
  sessionOf,
} from '../../src/store/decisions/session.ts';
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
} from '../../src/store/sessions.ts';
import { userTimeline } from '../../src/store/timelines.ts';
import { type MemoryData, withEntry, withoutEntry } from './memory-shard.ts';

export class MemorySessions implements Sessions {
  readonly #data: MemoryData;
  readonly #now: () => number;
  #closes = 0;

  constructor(data: MemoryData, now: () => number) {
    this.#data = data;
    this.#now = now;
  }

  async open(batch: readonly SessionOpen[]): Promise<SessionOpenResult[]> {
    return batch.map((report) => this.#open(report));
  }

  async close(batch: readonly SessionClose[]): Promise<void> {
    for (const report of batch) this.#close(report);
  }

  async check(batch: readonly SessionCheck[]): Promise<SessionCheckResult[]> {
    return batch.map((asked) => {
      const { head, devices } = this.#data.shard(userTimeline(asked.userId));
      const known = devices.get(asked.device);
      return { known: known?.closedAt === null && isSameSession(known, asked), head };
    });
  }

  async of(userIds: readonly number[]): Promise<Session[][]> {
    return userIds.map((userId) =>
      [...this.#devices(userId).values()]
        .filter(({ closedAt }) => closedAt === null)
        .map(sessionOf),
    );
  }

  async acknowledge(batch: readonly Acknowledgement[]): Promise<void> {
    for (const { userId, device, seq } of batch) {
      const { head, acknowledged, devices } = this.#data.shard(userTimeline(userId));
      this.#data.change(userTimeline(userId), {
        acknowledged: movedCursor(acknowledged, seq, head),
      });
      const known = devices.get(device);
      if (known) this.#keep({ ...known, cursor: movedCursor(known.cursor, seq, head) });
    }
  }

  async assignJava(userId: number, address: string): Promise<void> {
    this.#data.change(userTimeline(userId), { javaAddress: address });
  }

  async endJava(userId: number, openedBefore: number): Promise<Session | null> {
    const known = this.#devices(userId).get(javaDevice);
    if (!endsJava(known, openedBefore)) return null;
    this.#close(known);
    return sessionOf(known);
  }

  async now(): Promise<number> {
    return this.#now();
  }

  #devices(userId: number): ReadonlyMap<string, Device> {
    return this.#data.shard(userTimeline(userId)).devices;
  }

  #open(report: SessionOpen): SessionOpenResult {
    const { userId, device } = report;
    const { head, acknowledged, devices, javaAddress } = this.#data.shard(userTimeline(userId));
    const facts = {
      head,
      acknowledged,
      known: devices.get(device),
      isDeleted: () => this.#data.deletions.has(userId),
      generation: () => this.#data.accounts.get(userId)?.generation,
      javaAddress: () => javaAddress ?? undefined,
      devices: () => [...devices.values()],
    };
    const { result, opened, evicted } = decideOpen(report, facts, this.#now());
    if (evicted !== null) this.#forget(userId, evicted);
    if (opened) {
      this.#keep(opened);
      this.#seen(userId);
    }
    return result;
  }

  #close(report: SessionClose): void {
    const { userId, device } = report;
    // A number in place of the time, which may stand still.
    this.#closes += 1;
    const kept = decideClose(this.#devices(userId).get(device), report, this.#closes);
    if (kept) this.#keep(kept);
    else if (kept === null) this.#forget(userId, device);
    if (kept !== undefined) this.#seen(userId);
  }

  #seen(userId: number): void {
    const timeline = userTimeline(userId);
    if (this.#data.shard(timeline).lastSeen !== null)
      this.#data.change(timeline, { lastSeen: this.#now() });
  }

  #keep(device: Device): void {
    const devices = withEntry(this.#devices(device.userId), device.device, device);
    this.#data.change(userTimeline(device.userId), { devices });
  }

  #forget(userId: number, device: string): void {
    const devices = withoutEntry(this.#devices(userId), device);
    this.#data.change(userTimeline(userId), { devices });
  }
}
