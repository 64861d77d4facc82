/**
 * Which key is that of an epoch of a group (docs/guides/encryption.md). A key is *drawn* for an epoch
 * and sealed for all who are members then. At each later epoch it is *ratcheted*: until there is a
 * newer draw, and never past a moment at which somebody went. Pure: what is held, and what follows
 * from it.
 */
import { BoundedMap } from '../../../../base/bounded-map.ts';
import { limits } from '../../../../base/limits.ts';
import { type MessageKey, messageKeyOf, ratcheted } from './group-cipher.ts';

/** What the group's register says of the group as it is now. */
export interface GroupStatus {
  /** Grows with every change of who is a member, and with a draw where there is a key already. */
  readonly keyEpoch: number;
  /** Into this epoch no key is ratcheted: somebody went, or one was drawn for it. */
  readonly freshFrom: number;
  /** The epoch of the newest draw; 0: there was none. */
  readonly drawn: number;
  /** Which draw that was; empty: there was none. */
  readonly drawId: string;
}

/** A key that was sealed for this member: of which epoch, and who says so. */
export interface Slot {
  readonly epoch: number;
  /** User id. */
  readonly by: number;
  /** The draw that it came with; empty: this member alone was given it. */
  readonly draw: string;
  /** The newest draw when the register was last seen to have this one. */
  readonly seenWith: string;
  /** Somebody else than the giver has written with it: it is the group's. */
  readonly isProven?: boolean;
}

/** What came with draws first. */
export function byTrust<Each extends Slot>(slots: readonly Each[]): readonly Each[] {
  return slots.toSorted((one, other) => Number(isGiven(one)) - Number(isGiven(other)));
}

/**
 * The epoch to draw a key for: that of now while it has none, else the next. `seen`: the highest that was
 * seen. If that was later than now, the register has lost what came last, or says so: no epoch is used
 * again that somebody who has gone may have a key of. It is taken so far ahead at once.
 */
export function epochToDraw(
  { keyEpoch, freshFrom, drawn }: GroupStatus,
  { epoch: seen } = { epoch: 0 },
): number {
  const due = drawn < freshFrom ? keyEpoch : keyEpoch + 1;
  return keyEpoch < seen ? Math.min(seen + 1, due + limits.groupEpochsAheadMax) : due;
}

/**
 * Those that may lead to the key of now. Before the newest draw, or before somebody went, there is
 * none: who is gone may have it. Nor in what the register had before it lost a draw: by then an epoch
 * may have come again, with other members.
 */
export function slotsForSealing<Each extends Slot>(
  slots: readonly Each[],
  { keyEpoch, freshFrom, drawn, drawId }: GroupStatus,
): readonly Each[] {
  const first = Math.max(freshFrom, drawn);
  return slots.filter(({ epoch, draw, seenWith }) => {
    const isOfNow = draw === drawId || (draw === '' && seenWith === drawId);
    return isOfNow && epoch >= first && isWithinReach(epoch, keyEpoch);
  });
}

/**
 * Those that may lead to the key of an epoch, the likeliest first: the newest draw and the newest of
 * each giver, before their others. So however much some give that is wrong, the draw is tried, and what
 * others have given.
 */
export function slotsForOpening<Each extends Slot>(
  slots: readonly Each[],
  at: number,
): readonly Each[] {
  const newestFirst = byTrust(slots)
    .filter(({ epoch }) => isWithinReach(epoch, at))
    .toSorted((one, other) => other.epoch - one.epoch);
  const sources = new Set<string>();
  const [newest, others]: [Each[], Each[]] = [[], []];
  for (const slot of newestFirst) {
    const source = isGiven(slot) ? `${slot.by}` : 'draw';
    (sources.has(source) ? others : newest).push(slot);
    sources.add(source);
  }
  const tried = [...newest, ...others].slice(0, limits.groupKeyTriesMax);
  const draw = newest.find((slot) => !isGiven(slot));
  return !draw || tried.includes(draw) ? tried : [...tried.slice(0, -1), draw];
}

/** A slot, and the key of now that follows from it. */
export interface Candidate {
  readonly slot: Slot;
  readonly key: Uint8Array;
}

/**
 * The key to seal with; undefined: one has to be drawn. `candidates`: what came of `slotsForSealing`.
 * What came with the draw counts. What single members have given does if two of them agree, or it was
 * seen in use: one alone may give another than the rest have, who then could not read what is written.
 */
export function keyToSealWith(candidates: readonly Candidate[]): Uint8Array | undefined {
  const ofDraw = candidates.find(({ slot }) => !isGiven(slot));
  if (ofDraw) return ofDraw.key;
  const [first, ...others] = candidates;
  const isAgreed = others.every(({ key }) => first && isSame(key, first.key));
  const givers = new Set(candidates.map(({ slot }) => slot.by));
  const isSure = givers.size > 1 || first?.slot.isProven === true;
  return isAgreed && isSure ? first?.key : undefined;
}

/**
 * What somebody is given who is a member since this epoch: the keys from then on; `showsAll`: and those
 * before. `ratchets`: what a member has; of several of one epoch the first counts.
 */
export async function keysToGive(
  ratchets: readonly Ratchet[],
  since: number,
  showsAll: boolean,
): Promise<{ readonly epoch: number; readonly key: Uint8Array }[]> {
  const known = ratchets
    .toSorted((one, other) => one.epoch - other.epoch)
    .filter(({ epoch }, index, all) => epoch !== all[index - 1]?.epoch);
  const places = known.filter(({ epoch }) => showsAll || epoch >= since);
  const keys = places.map(async (each) => ({ epoch: each.epoch, key: await each.at(each.epoch) }));
  const before = known.findLast(({ epoch }) => isWithinReach(epoch, since));
  if (before && before.epoch < since)
    keys.push(before.at(since).then((key) => ({ epoch: since, key })));
  return Promise.all(keys);
}

/** The keys that follow from one, by epoch. Keeps the last one that was asked for. */
export class Ratchet {
  readonly epoch: number;
  readonly #scope: string;
  readonly #key: Uint8Array;
  #last: { readonly epoch: number; readonly key: Uint8Array };
  readonly #messageKeys = new BoundedMap<number, Promise<MessageKey>>(limits.clientMessageKeysMax);

  /** `scope`: the group (group-key-slot.ts). */
  constructor(scope: string, epoch: number, key: Uint8Array) {
    this.epoch = epoch;
    this.#scope = scope;
    this.#key = key;
    this.#last = { epoch, key };
  }

  /** Of this epoch, or a later one within `limits.groupRatchetsMax`. */
  async at(epoch: number): Promise<Uint8Array> {
    const first = { epoch: this.epoch, key: this.#key };
    let { epoch: reached, key } = this.#last.epoch <= epoch ? this.#last : first;
    for (; reached < epoch; reached++) key = await ratcheted(key, this.#scope, reached + 1);
    this.#last = { epoch, key };
    return key;
  }

  /** What messages of this epoch are sealed with. */
  messageKey(epoch: number): Promise<MessageKey> {
    const known = this.#messageKeys.get(epoch);
    if (known) return known;
    const made = this.at(epoch).then((key) => messageKeyOf(key, this.#scope));
    this.#messageKeys.set(epoch, made);
    return made;
  }
}

export function isGiven({ draw }: Slot): boolean {
  return draw === '';
}

/** A group has no more joins than it has members before somebody goes. */
function isWithinReach(epoch: number, at: number): boolean {
  return epoch <= at && at - epoch <= limits.groupRatchetsMax;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
