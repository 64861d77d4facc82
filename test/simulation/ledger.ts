/**
 * What happened in a simulation, as its people saw it: what was sent and what became of it, and
 * what each device showed. Written by the simulation, judged by checker.ts. Every text is sent once
 * only, so it names its message.
 */
import type { TimelineId } from '../../src/store/timelines.ts';

/** A user, or (`group` not empty) a group. */
export interface Receiver {
  readonly to: number;
  readonly group: string;
}

export type Outcome =
  /** Not answered yet. */
  | 'open'
  | 'stored'
  /** For good: it must never be seen. */
  | 'refused'
  /** It may or may not be stored; nobody is left to be told. */
  | 'unknown'
  /** For whoever is connected, at most once: it must never be stored. */
  | 'transient';

export interface Sent extends Receiver {
  readonly text: string;
  readonly from: number;
  /** The life of a device that sent it; null: it came over HTTP or from the schedule. */
  readonly life: Life | null;
  /** The place in the course of events, as all `…At` here. */
  readonly sentAt: number;
  outcome: Outcome;
  /** Its identity, and its number in the sender's own timeline or the group's; '' and 0: unknown. */
  id: string;
  seq: number;
}

export interface Shown extends Receiver {
  readonly shownAt: number;
  readonly id: string;
  readonly from: number;
  readonly text: string;
  /** 0: it was transient. */
  readonly seq: number;
  /** The application was done with it. */
  taken: boolean;
}

/** One process of a device: from a start of the SDK to its end. */
export interface Life {
  readonly device: Device;
  readonly shown: Shown[];
  /** Each time that it was logged in. */
  readonly readyAt: number[];
  /** `failed`: it ended by itself, and nobody has asked for that. */
  end: 'running' | 'closed' | 'killed' | 'failed';
  /** Of a life that failed. */
  reason: string;
}

export interface Device {
  readonly name: string;
  readonly userId: number;
  /** It remembers nothing: it has one life. */
  readonly ephemeral: boolean;
  readonly lives: Life[];
}

/** A user in a named group. */
export interface Membership {
  readonly group: string;
  /** The device that has joined. */
  readonly device: Device;
  readonly joinedAt: number;
}

export interface StoredMessage {
  readonly seq: number;
  readonly id: string;
  readonly text: string;
}

export interface Loss {
  /** They may have come back since. */
  readonly texts: Set<string>;
  /** The newest number that was lost, and given out anew since. */
  newest: number;
}

export class Ledger {
  readonly sent: Sent[] = [];
  readonly devices: Device[] = [];
  readonly memberships: Membership[] = [];
  /** By group: who has ever left it, or tried to. */
  readonly leavers = new Map<string, Set<number>>();
  /** What the store holds in the end. */
  readonly stored = new Map<TimelineId, readonly StoredMessage[]>();
  /** What failovers took from a timeline. */
  readonly lost = new Map<TimelineId, Loss>();
  #events = 0;

  addDevice(name: string, userId: number, ephemeral: boolean): Device {
    const device: Device = { name, userId, ephemeral, lives: [] };
    this.devices.push(device);
    return device;
  }

  addLife(device: Device): Life {
    const life: Life = { device, shown: [], readyAt: [], end: 'running', reason: '' };
    device.lives.push(life);
    return life;
  }

  ready(life: Life): void {
    life.readyAt.push(++this.#events);
  }

  joined(device: Device, group: string): void {
    this.memberships.push({ group, device, joinedAt: ++this.#events });
  }

  /** Or is about to: how that overlaps with joining nobody can tell. */
  left(userId: number, group: string): void {
    const users = this.leavers.get(group) ?? new Set();
    this.leavers.set(group, users.add(userId));
  }

  addSent(from: number, receiver: Receiver, text: string, life: Life | null): Sent {
    const sentAt = ++this.#events;
    const sent: Sent = { ...receiver, text, from, life, sentAt, outcome: 'open', id: '', seq: 0 };
    this.sent.push(sent);
    return sent;
  }

  addShown(life: Life, message: Omit<Shown, 'shownAt' | 'taken'>): Shown {
    const shown: Shown = { ...message, shownAt: ++this.#events, taken: false };
    life.shown.push(shown);
    return shown;
  }

  addLost(timeline: TimelineId, messages: Iterable<StoredMessage>): void {
    const loss = this.lost.get(timeline) ?? { texts: new Set(), newest: 0 };
    for (const { text, seq } of messages) {
      loss.texts.add(text);
      loss.newest = Math.max(loss.newest, seq);
    }
    if (loss.newest > 0) this.lost.set(timeline, loss);
  }
}
