/**
 * What was sent and what was shown, as it happened; what to think of it is checker.ts's. All times
 * are places in one sequence of events, so that "before" needs no clock.
 */
import type { Target } from '../client/sdk/index.ts';

/**
 * `waiting`: not answered yet. `stored`: acknowledged. `refused`: for good, it must never be shown.
 * `unconfirmed`: it may or may not have been stored.
 */
export type Outcome = 'waiting' | 'stored' | 'refused' | 'unconfirmed';

export interface SentRecord {
  readonly number: number;
  readonly userId: number;
  readonly device: string;
  /** Of the device: an SDK instance. */
  readonly life: number;
  readonly target: Target;
  readonly sentStep: number;
  /** Ms since 1970, for people. */
  readonly at: number;
  outcome: Outcome;
  /** Why it was refused. */
  code: string;
  /** In the group's timeline, or the sender's own; 0 if not known. */
  seq: number;
}

export interface ShownRecord {
  readonly number: number;
  readonly life: number;
  readonly seq: number;
  /** Text, sender and target are as they were sent. */
  readonly isFaithful: boolean;
}

/** One SDK instance of a device. */
export interface LifeRecord {
  /** Undefined: it has never been logged in. */
  readyStep: number | undefined;
  /** `alive` is alive still. */
  end: 'alive' | 'closed' | 'crashed';
  /** What the device remembers of each timeline after a crash: by group, '' is its user's own. */
  savedSeqs: ReadonlyMap<string, number>;
}

export interface DeviceRecord {
  readonly device: string;
  readonly userId: number;
  /** In order. */
  readonly lives: LifeRecord[];
  readonly shown: ShownRecord[];
}

export interface LedgerView {
  /** By number. */
  readonly sent: ReadonlyMap<number, SentRecord>;
  readonly devices: readonly DeviceRecord[];
  /** Of the named groups. */
  readonly members: ReadonlyMap<string, ReadonlySet<number>>;
}

export class Ledger implements LedgerView {
  readonly members: ReadonlyMap<string, ReadonlySet<number>>;
  readonly sent = new Map<number, SentRecord>();
  readonly devices: DeviceRecord[] = [];
  #steps = 0;
  #waiting = 0;
  #stored = 0;
  #shown = 0;

  constructor(groups: readonly { readonly name: string; readonly userIds: readonly number[] }[]) {
    this.members = new Map(groups.map(({ name, userIds }) => [name, new Set(userIds)]));
  }

  get waitingCount(): number {
    return this.#waiting;
  }

  get storedCount(): number {
    return this.#stored;
  }

  get shownCount(): number {
    return this.#shown;
  }

  addDevice(device: string, userId: number): DeviceRecord {
    const record: DeviceRecord = { device, userId, lives: [], shown: [] };
    this.devices.push(record);
    return record;
  }

  began(record: DeviceRecord): LifeRecord {
    const life: LifeRecord = { readyStep: undefined, end: 'alive', savedSeqs: new Map() };
    record.lives.push(life);
    return life;
  }

  /** Logged in: what is sent from now on is for this life too. */
  ready(life: LifeRecord): void {
    life.readyStep ??= this.#step();
  }

  /** The next message, before it is handed to the SDK. */
  sending({ device, userId, lives }: DeviceRecord, target: Target, at: number): SentRecord {
    const record: SentRecord = {
      number: this.sent.size + 1,
      userId,
      device,
      life: lives.length - 1,
      target,
      sentStep: this.#step(),
      at,
      outcome: 'waiting',
      code: '',
      seq: 0,
    };
    this.sent.set(record.number, record);
    this.#waiting += 1;
    return record;
  }

  /** The first answer counts: after a crash nobody hears another. */
  answered(record: SentRecord, outcome: Exclude<Outcome, 'waiting'>, code = '', seq = 0): void {
    if (record.outcome !== 'waiting') return;
    record.outcome = outcome;
    record.code = code;
    record.seq = seq;
    this.#waiting -= 1;
    if (outcome === 'stored') this.#stored += 1;
  }

  showed({ lives, shown }: DeviceRecord, message: Omit<ShownRecord, 'life'>): void {
    shown.push({ ...message, life: lives.length - 1 });
    this.#shown += 1;
  }

  #step(): number {
    this.#steps += 1;
    return this.#steps;
  }
}
