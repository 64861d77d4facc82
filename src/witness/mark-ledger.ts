/**
 * How far people have got with what others have sent, what senders were told of it, and what was left
 * unread; what to think of it is check-marks.ts's. Of each source only the furthest is kept.
 */
import { lobby } from '../client/sdk/index.ts';

/** As the ledger has it. */
interface DeviceRecord {
  readonly device: string;
  readonly userId: number;
  readonly lives: readonly { readonly end: string }[];
}

/** A message by its id: `<from>.<epoch>.<to or #group>.<sendSeq>`. */
export function partsOf(id: string) {
  const end = id.lastIndexOf('.');
  const source = id.slice(0, Math.max(0, end));
  const [from = '', , ...conversation] = source.split('.');
  const target = conversation.join('.');
  const group = target.startsWith('#') ? target.slice(1) : '';
  return { source, from: Number(from), group, sendSeq: Number(id.slice(end + 1)) };
}

export type MarkKind = 'delivered' | 'read';

/** How far somebody has got with one source, by what a message is called there. */
export interface Reached {
  readonly source: string;
  /** Empty: it is private. */
  readonly group: string;
  readonly sendSeq: number;
  /** In the timeline of the group, or the reader's own. */
  readonly seq: number;
}

/** What one life of a device has taken, or shown to its person. */
export interface GotRecord {
  readonly device: DeviceRecord;
  readonly life: number;
  readonly kind: MarkKind;
  /** By source. */
  readonly reached: Map<string, Reached>;
}

/** What a device was told. */
export interface ToldRecord {
  readonly device: DeviceRecord;
  readonly life: number;
  readonly kind: MarkKind;
  readonly by: number;
  /** The id of a message. */
  readonly upTo: string;
  /** How far all devices of `by` had got by then: with this source, and in all of its group. */
  readonly sendSeqThen: number;
  readonly groupSeqThen: number;
}

/** What a device is told in the end that its user has not read of one other. */
export interface UnreadRecord {
  readonly device: DeviceRecord;
  readonly peer: number;
  readonly unread: number;
}

/** As a device is shown it. */
export interface Shown {
  /** Of the message; 0: nobody has sent it. */
  readonly number: number;
  readonly id: string;
  readonly seq: number;
}

export class MarkLedger {
  readonly got: GotRecord[] = [];
  readonly told: ToldRecord[] = [];
  readonly unread: UnreadRecord[] = [];
  /** Users whose marks a failover may have taken. */
  readonly setBack = new Set<number>();
  /** The application of this device takes it, or has said that it was read. */
  gets(device: DeviceRecord, kind: MarkKind, { id, seq }: Shown): void {
    const { from, source, group, sendSeq } = partsOf(id);
    // Nobody has a place in the lobby.
    if (from === device.userId || group === lobby) return;
    const { reached } = this.#gotBy(device, kind);
    const before = reached.get(source)?.sendSeq ?? 0;
    if (sendSeq > before) reached.set(source, { source, group, sendSeq, seq });
  }

  hears(device: DeviceRecord, kind: MarkKind, { by, upTo }: { by: number; upTo: string }): void {
    const { source, group } = partsOf(upTo);
    let [sendSeqThen, groupSeqThen] = [0, 0];
    for (const got of this.got) {
      // What was read was delivered.
      if (got.device.userId !== by || (kind === 'read' && got.kind !== 'read')) continue;
      sendSeqThen = Math.max(sendSeqThen, got.reached.get(source)?.sendSeq ?? 0);
      if (group === '') continue;
      for (const reached of got.reached.values())
        if (reached.group === group) groupSeqThen = Math.max(groupSeqThen, reached.seq);
    }
    const life = device.lives.length - 1;
    this.told.push({ device, life, kind, by, upTo, sendSeqThen, groupSeqThen });
  }

  /** The device asks how much is unread: what it was told before is over. */
  counts(device: DeviceRecord, counts: readonly Omit<UnreadRecord, 'device'>[]): void {
    const others = this.unread.filter((each) => each.device !== device);
    this.unread.splice(0, Infinity, ...others, ...counts.map((each) => ({ ...each, device })));
  }

  #gotBy(device: DeviceRecord, kind: MarkKind): GotRecord {
    const life = device.lives.length - 1;
    const known = this.got.findLast(
      (each) => each.device === device && each.life === life && each.kind === kind,
    );
    if (known) return known;
    const fresh: GotRecord = { device, life, kind, reached: new Map() };
    this.got.push(fresh);
    return fresh;
  }
}
