/**
 * What a client knows of the keys of one group: what its register said last, and the keys that were
 * sealed for this member. They are opened when they are needed first.
 */
import { limits } from '../../../../base/limits.ts';
import { scopeOf } from './group-key-slot.ts';
import type { RegisterPage, SlotId } from './group-register.ts';
import type { GroupStatus, Ratchet, Slot } from './key-schedule.ts';

export interface HeldSlot extends Slot {
  seenWith: string;
  isProven?: boolean;
  readonly sealed: Uint8Array;
  /** Undefined in the end: it does not open. */
  ratchet?: Promise<Ratchet | undefined>;
}

export class HeldKeys {
  readonly group: string;
  /** Which of that name. */
  readonly groupId: string;
  /** When the register was read last, monotonic ms. */
  readAt = -Infinity;
  /** It is being read. */
  reading: Promise<unknown> | undefined;
  /** The newest epoch whose key was waited for and did not come. */
  missedEpoch = 0;
  /** None of what it has opened here, and its members were told. */
  hasAskedAnew = false;
  #status: GroupStatus | undefined;
  /** By epoch, giver and draw. */
  readonly #slots = new Map<string, HeldSlot>();
  /** All are here up to this one, the newest first; undefined: nothing was read, null: all. */
  #readTo: SlotId | null | undefined;

  constructor(group: string, groupId: string) {
    this.group = group;
    this.groupId = groupId;
  }

  /** What its keys are bound to. */
  get scope(): string {
    return scopeOf(this.group, this);
  }

  get status(): GroupStatus | undefined {
    return this.#status;
  }

  get slots(): readonly HeldSlot[] {
    return [...this.#slots.values()];
  }

  /** Behind which slot the register is to be read on for keys of this epoch; undefined: no need to. */
  nextFor(epoch: number): SlotId | undefined {
    return this.#readTo && this.#readTo.epoch >= epoch ? this.#readTo : undefined;
  }

  /** The newest page. */
  addNewest(page: RegisterPage): void {
    const { status, slots } = page;
    this.#status = status;
    const isKnown = slots.some((slot) => this.#slots.has(keyOf(slot)));
    if (!isKnown || this.#readTo === undefined) this.#readTo = endOf(page);
    this.#add(page);
  }

  /** The page behind `nextFor`. */
  addOlder(page: RegisterPage): void {
    this.#add(page);
    // A register that goes on beyond that is none.
    this.#readTo = this.#slots.size < limits.clientGroupKeysMax ? endOf(page) : null;
  }

  /** This device has drawn it. */
  addDrawn(slot: Omit<Slot, 'seenWith'>, ratchet: Ratchet): void {
    const held = { seenWith: slot.draw, sealed: new Uint8Array() };
    this.#slots.set(keyOf(slot), { ...slot, ...held, ratchet: Promise.resolve(ratchet) });
  }

  #add({ status: { drawId: seenWith }, slots }: RegisterPage): void {
    for (const slot of slots) {
      const known = this.#slots.get(keyOf(slot));
      if (known && isSame(known, slot)) known.seenWith = seenWith;
      else this.#slots.set(keyOf(slot), { ...slot, seenWith });
    }
    if (this.#slots.size <= limits.clientGroupKeysMax) return;
    const newest = this.slots.toSorted((one, other) => other.epoch - one.epoch);
    for (const slot of newest.slice(limits.clientGroupKeysMax)) this.#slots.delete(keyOf(slot));
  }
}

function endOf({ slots, hasMore }: RegisterPage): SlotId | null {
  return (hasMore && slots.at(-1)) || null;
}

/** What this device has drawn it has not sealed for itself here. */
function isSame(known: HeldSlot, { draw, sealed }: RegisterPage['slots'][number]): boolean {
  const isOwn = draw !== '' && known.sealed.length === 0;
  return isOwn || known.sealed.every((byte, index) => byte === sealed[index]);
}

function keyOf({ epoch, by, draw }: Omit<Slot, 'seenWith'>): string {
  return `${epoch}.${by}.${draw}`;
}
