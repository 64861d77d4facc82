/**
 * What was sent, changed and shown, as it happened; what to think of it is checker.ts's. All times
 * are places in one sequence of events, so that "before" needs no clock.
 */
import type { Target } from '../client/sdk/index.ts';
import { MarkLedger } from './mark-ledger.ts';
import { Removals } from './removals.ts';

/**
 * `waiting`: not answered yet. `stored`: acknowledged. `refused`: for good, it must never be shown.
 * `unconfirmed`: it may or may not have been stored. `transient`: for whoever is connected, at most
 * once.
 */
export type Outcome = 'waiting' | 'stored' | 'refused' | 'unconfirmed' | 'transient';

/** A group's, by its name, or that of a user. */
export type Timeline = string | number;

export interface SentRecord {
  readonly number: number;
  readonly userId: number;
  /** Empty: it came from none, but over HTTP or from the schedule. */
  readonly device: string;
  /** Of the device: an SDK instance. */
  readonly life: number;
  readonly target: Target;
  readonly sentStep: number;
  /** Ms since 1970, for people. */
  readonly at: number;
  /** Id of the message that it answers; empty: none. */
  readonly replyTo: string;
  outcome: Outcome;
  /** Infinity: not yet. */
  answeredStep: number;
  /** Why it was refused. */
  code: string;
  /** In the group's timeline, or the sender's own; 0 if not known. */
  seq: number;
  /** Its identity; empty if not known. */
  id: string;
  /** Known to be encrypted from end to end. */
  isEncrypted: boolean;
}

export type ChangeKind = 'edit' | 'retract' | 'react';

/** What somebody does to a message that is there already. */
export interface ChangeRecord {
  readonly kind: ChangeKind;
  /** Id of the message. */
  readonly id: string;
  readonly userId: number;
  readonly device: string;
  readonly life: number;
  /** What is then read at this aspect (`aspectOf`). */
  readonly value: string;
  readonly sentStep: number;
  /** Infinity: not yet. */
  answeredStep: number;
  outcome: Exclude<Outcome, 'transient'>;
  /** Why it was refused. */
  code: string;
}

/** A message as a device reads it back in the end. */
export interface PictureRecord {
  readonly id: string;
  readonly from: number;
  /** That it was read from. */
  readonly timeline: Timeline;
  readonly seq: number;
  /** What became of it, by aspect (`aspectOf`); what is not there is as it was sent. */
  readonly aspects: ReadonlyMap<string, string>;
  /** Sender and target are as they were sent, and so is the text, unless it was edited or retracted. */
  readonly isFaithful: boolean;
}

/** What a device has read back. */
export interface HistoryRecord {
  /** By message id; only of what anybody has changed, or seems to have. */
  readonly pictures: Map<string, PictureRecord>;
  /** The oldest number that is still there. */
  readonly oldestSeqs: Map<Timeline, number>;
}

export interface ShownRecord {
  /** 0: nobody has sent it. */
  readonly number: number;
  readonly life: number;
  /** 0: it is transient. */
  readonly seq: number;
  /** Text, sender and target are as they were sent. */
  readonly isFaithful: boolean;
  readonly shownStep: number;
  readonly id: string;
  /** The application is done with it. */
  isTaken: boolean;
}

/** One SDK instance of a device. */
export interface LifeRecord {
  /** Each time that it was logged in. */
  readonly readySteps: number[];
  /** `alive` is alive still; `failed`: it has ended by itself, and nobody has asked for that. */
  end: 'alive' | 'closed' | 'crashed' | 'failed';
  /** Why it has ended. */
  reason: string;
  /** What the device remembers of each timeline after a crash: by group, '' is its user's own. */
  savedSeqs: ReadonlyMap<string, number>;
}

export interface DeviceRecord {
  readonly device: string;
  readonly userId: number;
  /** In order. */
  readonly lives: LifeRecord[];
  readonly shown: ShownRecord[];
  /** Undefined: it has read nothing back. */
  history: HistoryRecord | undefined;
}

/** What failovers took from timelines. */
export interface Losses {
  /** Whether numbers of this timeline may have been given out twice. */
  has(timeline: Timeline): boolean;
  /** Whether the message need not be shown to those who read this timeline. */
  excuse(message: SentRecord, timeline: Timeline): boolean;
}

export interface LedgerView {
  /** By number. */
  readonly sent: ReadonlyMap<number, SentRecord>;
  readonly changes: readonly ChangeRecord[];
  readonly devices: readonly DeviceRecord[];
  readonly marks: MarkLedger;
  /** Undefined: nobody knows. */
  readonly losses: Losses | undefined;
  /** Of the message with this id; 0 if nobody knows it. */
  numberOf(id: string): number;
  /** Whether this user has joined a named group, or tried to. */
  hasEntered(group: string, userId: number): boolean;
  /**
   * Since when the device is to follow this group for what is sent at `step`: it has joined, or has
   * logged in since another of its user's has. Infinity: not at all, as for whoever has ever left.
   */
  followedSince(device: DeviceRecord, group: string, step: number): number;
  /** Whether this user was removed from the group before this was sent, and could not join again until it was answered. */
  wasShutOut(group: string, userId: number, message: SentRecord): boolean;
}

interface Membership {
  /** The device that has joined; undefined: all of its user's, from the beginning. */
  readonly device: DeviceRecord | undefined;
  readonly joinedStep: number;
}

/** What a change is a change of: the last one of each aspect counts. */
export function aspectOf({ kind, userId }: Pick<ChangeRecord, 'kind' | 'userId'>): string {
  return kind === 'react' ? `reactions of ${userId}` : kind === 'edit' ? 'text' : 'retraction';
}

export class Ledger implements LedgerView {
  readonly sent = new Map<number, SentRecord>();
  readonly changes: ChangeRecord[] = [];
  readonly devices: DeviceRecord[] = [];
  readonly marks = new MarkLedger();
  losses: Losses | undefined;
  /** By group and user. */
  readonly #memberships = new Map<string, Membership[]>();
  readonly #leavers = new Set<string>();
  readonly #removals = new Removals();
  readonly #numbers = new Map<string, number>();
  readonly #changed = new Set<string>();
  #steps = 0;
  #waiting = 0;
  #stored = 0;
  #shown = 0;

  /** `groups`: those that have the same members all the time. */
  constructor(
    groups: readonly { readonly name: string; readonly userIds: readonly number[] }[] = [],
  ) {
    for (const { name, userIds } of groups)
      for (const userId of userIds)
        this.#memberships.set(memberOf(name, userId), [{ device: undefined, joinedStep: 0 }]);
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
    const record: DeviceRecord = { device, userId, lives: [], shown: [], history: undefined };
    this.devices.push(record);
    return record;
  }

  began(record: DeviceRecord): LifeRecord {
    const life: LifeRecord = { readySteps: [], end: 'alive', reason: '', savedSeqs: new Map() };
    record.lives.push(life);
    return life;
  }

  /** Logged in: what is sent from now on is for this life too. */
  ready(life: LifeRecord): void {
    life.readySteps.push(this.#step());
  }

  /** This user is about to join. */
  entering(group: string, userId: number): void {
    const member = memberOf(group, userId);
    this.#memberships.set(member, this.#memberships.get(member) ?? []);
  }

  /** What is sent to the group from now on is for this device, and for those that log in later. */
  entered(group: string, device: DeviceRecord): void {
    this.entering(group, device.userId);
    const membership = { device, joinedStep: this.#step() };
    this.#memberships.get(memberOf(group, device.userId))?.push(membership);
  }

  /** Or is about to: how that overlaps with joining nobody can tell. */
  left(group: string, userId: number): void {
    this.#leavers.add(memberOf(group, userId));
    this.#removals.leaving(group, this.#step());
  }

  /** Somebody is about to remove them. */
  removing(group: string, userId: number): void {
    this.#leavers.add(memberOf(group, userId));
  }

  /** That is acknowledged. */
  removed(group: string, userId: number): void {
    this.#removals.removed(group, userId, this.#step());
  }

  /** Somebody is about to invite them. */
  inviting(group: string, userId: number): void {
    this.#removals.inviting(group, userId, this.#step());
  }

  /** That is acknowledged. */
  invited(group: string, userId: number): void {
    this.#removals.invited(group, userId);
  }

  numberOf(id: string): number {
    return this.#numbers.get(id) ?? 0;
  }

  hasEntered(group: string, userId: number): boolean {
    return this.#memberships.has(memberOf(group, userId));
  }

  /** Whether anybody has left it, or tried to. */
  hasLeavers(group: string): boolean {
    return this.devices.some(({ userId }) => this.#leavers.has(memberOf(group, userId)));
  }

  followedSince(device: DeviceRecord, group: string, step: number): number {
    const member = memberOf(group, device.userId);
    if (this.#leavers.has(member)) return Infinity;
    let since = Infinity;
    for (const { device: joined, joinedStep } of this.#memberships.get(member) ?? []) {
      if (joinedStep > step) continue;
      const isAtOnce = joined === undefined || joined === device;
      const logins = device.lives.flatMap(({ readySteps }) => readySteps);
      const login = isAtOnce ? joinedStep : logins.find((ready) => ready > joinedStep);
      since = Math.min(since, login ?? Infinity);
    }
    return since;
  }

  wasShutOut(group: string, userId: number, { sentStep, answeredStep }: SentRecord): boolean {
    return this.#removals.wasShutOut(group, userId, sentStep, answeredStep);
  }

  /** The next message, before it is handed to the SDK; `userId` alone: by no device. */
  sending(
    from: DeviceRecord | Pick<DeviceRecord, 'userId'>,
    target: Target,
    at: number,
    { number = this.sent.size + 1, replyTo = '' } = {},
  ): SentRecord {
    const [device, life] = 'lives' in from ? [from.device, from.lives.length - 1] : ['', 0];
    const record: SentRecord = {
      ...{ number, userId: from.userId, device, life, target, sentStep: this.#step(), at },
      ...{ replyTo, outcome: 'waiting', answeredStep: Infinity, code: '', seq: 0, id: '' },
      isEncrypted: false,
    };
    this.sent.set(number, record);
    this.#waiting += 1;
    return record;
  }

  /** The first answer counts: after a crash nobody hears another. */
  answered(
    record: SentRecord,
    outcome: Exclude<Outcome, 'waiting'>,
    { code = '', seq = 0, id = '', isEncrypted = false } = {},
  ): void {
    if (record.outcome !== 'waiting') return;
    Object.assign(record, { outcome, answeredStep: this.#step(), code, seq, id, isEncrypted });
    this.#waiting -= 1;
    if (outcome === 'stored') this.#stored += 1;
    if (id !== '') this.#numbers.set(id, record.number);
  }

  /** The next change, before it is handed to the SDK. `value`: a text, or reactions. */
  changing(
    { device, userId, lives }: DeviceRecord,
    kind: ChangeKind,
    id: string,
    value: string,
  ): ChangeRecord {
    const record: ChangeRecord = {
      ...{ kind, id, userId, device, life: lives.length - 1, value, sentStep: this.#step() },
      ...{ answeredStep: Infinity, outcome: 'waiting', code: '' },
    };
    this.changes.push(record);
    this.#changed.add(id);
    this.#waiting += 1;
    return record;
  }

  /** The first answer counts. */
  changed(
    record: ChangeRecord,
    outcome: Exclude<ChangeRecord['outcome'], 'waiting'>,
    code = '',
  ): void {
    if (record.outcome !== 'waiting') return;
    Object.assign(record, { outcome, code, answeredStep: this.#step() });
    this.#waiting -= 1;
  }

  /** The device reads all back: what it has read before is forgotten. */
  readsBack(device: DeviceRecord): HistoryRecord {
    const history: HistoryRecord = { pictures: new Map(), oldestSeqs: new Map() };
    device.history = history;
    return history;
  }

  readBack({ pictures, oldestSeqs }: HistoryRecord, picture: PictureRecord): void {
    const { id, timeline, seq, aspects } = picture;
    oldestSeqs.set(timeline, Math.min(seq, oldestSeqs.get(timeline) ?? Infinity));
    if (aspects.size > 0 || this.#changed.has(id)) pictures.set(id, picture);
  }

  showed(
    { lives, shown }: DeviceRecord,
    { id = '', ...message }: Pick<ShownRecord, 'number' | 'seq' | 'isFaithful'> & { id?: string },
  ): ShownRecord {
    const life = lives.length - 1;
    const record = { ...message, id, life, shownStep: this.#step(), isTaken: true };
    shown.push(record);
    this.#shown += 1;
    if (id !== '' && message.number > 0) this.#numbers.set(id, message.number);
    return record;
  }

  #step(): number {
    this.#steps += 1;
    return this.#steps;
  }
}

function memberOf(group: string, userId: number): string {
  return `${userId} ${group}`;
}
