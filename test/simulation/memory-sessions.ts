/** Sessions in memory, as src/store/sessions.ts says it, and nothing besides. */
import { limits } from '../../src/base/limits.ts';
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
import { type Device, type MemoryData, withEntry, withoutEntry } from './memory-shard.ts';

const stale: SessionOpenResult = { status: 'stale' };

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
      return { known: known?.closed === null && isSameSession(known, asked), head };
    });
  }

  async of(userIds: readonly number[]): Promise<Session[][]> {
    return userIds.map((userId) =>
      [...this.#devices(userId).values()].filter(({ closed }) => closed === null).map(sessionOf),
    );
  }

  async acknowledge(batch: readonly Acknowledgement[]): Promise<void> {
    for (const { userId, device, seq } of batch) {
      const { head, acknowledged, devices } = this.#data.shard(userTimeline(userId));
      const known = devices.get(device);
      this.#data.change(userTimeline(userId), {
        acknowledged: moved(acknowledged, seq, head),
        ...(known && {
          devices: withEntry(devices, device, { ...known, cursor: moved(known.cursor, seq, head) }),
        }),
      });
    }
  }

  async assignJava(userId: number, address: string): Promise<void> {
    this.#data.change(userTimeline(userId), { javaAddress: address });
  }

  async endJava(userId: number, openedBefore: number): Promise<Session | null> {
    const known = this.#devices(userId).get(javaDevice);
    if (!known || known.closed !== null || known.openedAt >= openedBefore) return null;
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
    if (this.#isRevoked(report)) return { status: 'revoked' };
    const { head, acknowledged } = this.#data.shard(userTimeline(userId));
    const known = this.#devices(userId).get(device);
    const cursor = Math.min(known?.cursor ?? acknowledged, head);
    if (known && device !== javaDevice && isEnded(known, report)) return { status: 'ended' };
    if (known && isSameConnection(known, report)) {
      if (known.closed !== null) return stale;
      const { connectionNumber } = known;
      return { status: 'opened', connectionNumber, replaced: null, cursor, head };
    }
    const connectionNumber =
      device === javaDevice ? this.#javaNumber(report, known) : report.connectionNumber;
    if (connectionNumber === null) return stale;
    if (known && connectionNumber <= known.connectionNumber) return stale;
    if (!known && !this.#makeRoom(report)) return { status: 'too-many-devices' };
    const opened: Device = {
      ...report,
      connectionNumber,
      ephemeral: known?.ephemeral ?? report.ephemeral,
      cursor,
      openedAt: this.#now(),
      closed: null,
    };
    this.#data.change(userTimeline(userId), {
      devices: withEntry(this.#devices(userId), device, opened),
    });
    const replaced = known?.closed === null ? sessionOf(known) : null;
    return { status: 'opened', connectionNumber, replaced, cursor, head };
  }

  #isRevoked({ userId, generation }: SessionOpen): boolean {
    return generation !== 0 && this.#data.accounts.get(userId)?.generation !== generation;
  }

  #close({ userId, device, connectionNumber }: SessionClose): void {
    const devices = this.#devices(userId);
    const known = devices.get(device);
    if (!known || known.closed !== null || known.connectionNumber !== connectionNumber) return;
    this.#data.change(userTimeline(userId), {
      devices: known.ephemeral
        ? withoutEntry(devices, device)
        : withEntry(devices, device, { ...known, closed: ++this.#closes }),
    });
  }

  /** Null: it came too late, or to another server than the one that was given. */
  #javaNumber({ userId, ...report }: SessionOpen, known: Device | undefined): number | null {
    const { javaAddress } = this.#data.shard(userTimeline(userId));
    if (javaAddress !== null && javaAddress !== report.address) return null;
    if (known?.instance === report.instance && known.sessionId > report.sessionId) return null;
    return (known?.connectionNumber ?? 0) + 1;
  }

  #makeRoom({ userId, ephemeral }: SessionOpen): boolean {
    const alike = [...this.#devices(userId).values()].filter(
      (device) => device.ephemeral === ephemeral,
    );
    if (alike.length < limits.devicesPerUserMax) return true;
    const closed = alike.filter(({ closed, device }) => closed !== null && device !== javaDevice);
    const [oldest] = closed.toSorted((one, other) => Number(one.closed) - Number(other.closed));
    if (ephemeral || !oldest) return false;
    this.#data.change(userTimeline(userId), {
      devices: withoutEntry(this.#devices(userId), oldest.device),
    });
    return true;
  }
}

/** Forward only, never beyond the head; from beyond it also back. */
function moved(cursor: number, seq: number, head: number): number {
  const reached = Math.min(seq, head);
  return cursor > head ? reached : Math.max(cursor, reached);
}

function isSameConnection(known: Device, report: SessionOpen): boolean {
  return (
    known.instance === report.instance &&
    known.sessionId === report.sessionId &&
    (report.device === javaDevice || known.connectionNumber === report.connectionNumber)
  );
}

function isEnded({ closed, connectionNumber }: Device, report: SessionOpen): boolean {
  return closed !== null && connectionNumber === report.connectionNumber;
}

function sessionOf(device: Device): Session {
  const { userId, connectionNumber, instance, address, sessionId } = device;
  return { userId, device: device.device, connectionNumber, instance, address, sessionId };
}
