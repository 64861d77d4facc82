/**
 * The keys of the encrypted groups that a client is in. It fetches those that were given to its
 * user; it draws one where there is none that may be used, for all members and before anything is
 * sealed with it; and it gives the key to members who have none yet. Repeating any of that is
 * harmless: the register takes one draw for each epoch, and says which.
 */
import { Backoff } from '../../../../base/backoff.ts';
import { CimError } from '../../../../base/errors.ts';
import { ignore } from '../../../../base/ignore.ts';
import { limits } from '../../../../base/limits.ts';
import type { Platform } from '../../platform.ts';
import type { OwnKeyHolder } from '../own-keys.ts';
import type { PeerKeys } from '../peer-keys.ts';
import { type MessageKey, messageKeyOf } from './group-cipher.ts';
import { GroupKeySealer, type GroupKeySealerOptions } from './group-key-sealer.ts';
import { groupKeyBytes, openGroupKey, takeSlotApart } from './group-key-slot.ts';
import type { RegisterPage, SlotId } from './group-register.ts';
import { HeldKeys, type HeldSlot } from './held-keys.ts';
import {
  byTrust,
  type Candidate,
  epochToDraw,
  type GroupStatus,
  isGiven,
  keysToGive,
  keyToSealWith,
  Ratchet,
  slotsForOpening,
  slotsForSealing,
} from './key-schedule.ts';

export interface GroupKeysOptions extends GroupKeySealerOptions {
  readonly own: Pick<OwnKeyHolder, 'get' | 'find' | 'all'>;
  readonly peers: Pick<PeerKeys, 'memberKey' | 'senderKey'>;
  readonly random: Platform['random'];
  /** Monotonic ms. */
  readonly now: () => number;
}

/** What messages of an epoch are sealed with. */
export interface EpochKey {
  readonly epoch: number;
  readonly key: MessageKey;
}

/** What a key has opened, and how this member has come to that. */
export interface OpenedWith<Result> {
  readonly opened: Result;
  readonly slot: HeldSlot;
}

/** `no-group-key`: this member has none of that time. `damaged`: it opens with none that they have. */
export type FailedOpening = 'no-group-key' | 'damaged';

/** How often a key is asked for that somebody is about to give. */
const givenPollMs = 1_000;

export class GroupKeys {
  readonly #options: GroupKeysOptions;
  readonly #sealer: GroupKeySealer;
  readonly #groups = new Map<string, HeldKeys>();
  /** What is sealed with now, by group. */
  readonly #sealing = new Map<string, Promise<EpochKey>>();
  /** Groups whose members are about to be looked after. */
  readonly #tended = new Set<string>();

  constructor(options: GroupKeysOptions) {
    this.#options = options;
    this.#sealer = new GroupKeySealer(options);
  }

  /** Its members, or their keys, may be others by now: the register is asked before what is sent next. */
  changed(group: string): void {
    this.#sealing.delete(group);
  }

  /** Connected again: what was told meanwhile was told to nobody. */
  connected(): void {
    this.#sealing.clear();
  }

  /** The user is not in it any more, or it is another one, in another store. */
  forget(group: string): void {
    this.#groups.delete(group);
    this.#sealing.delete(group);
  }

  forgetAll(): void {
    for (const group of [...this.#groups.keys()]) this.forget(group);
  }

  /**
   * The key to seal with now: one that is there, or one that is drawn for all members. Waits while no
   * route answers. Rejects with a CimError: `no-key`, `key-changed`, what routes refuse.
   */
  keyToSeal(group: string): Promise<EpochKey> {
    const known = this.#sealing.get(group);
    if (known) return known;
    const finding = this.#findKey(this.#held(group));
    this.#sealing.set(group, finding);
    finding.catch(() => {
      if (this.#sealing.get(group) === finding) this.#sealing.delete(group);
    });
    return finding;
  }

  /**
   * Tries the keys that this member has of an epoch. `isPatient`: waits while no route answers;
   * otherwise rejects with the CimError of the routes. `isAwaited`: waits for a key that is on its way.
   */
  async open<Result>(
    group: string,
    epoch: number,
    attempt: (key: MessageKey) => Promise<Result | undefined>,
    { isPatient, isAwaited }: { readonly isPatient: boolean; readonly isAwaited: boolean },
  ): Promise<OpenedWith<Result> | { readonly failed: FailedOpening }> {
    const held = this.#held(group);
    const tried = new Set<HeldSlot>();
    let hasKeys = false;
    const tryAll = async (): Promise<OpenedWith<Result> | undefined> => {
      for (const slot of slotsForOpening(held.slots, epoch)) {
        if (tried.has(slot)) continue;
        tried.add(slot);
        const ratchet = await this.#ratchetOf(held, slot, isPatient);
        if (!ratchet) continue;
        hasKeys = true;
        const opened = await attempt(await ratchet.messageKey(epoch));
        if (opened !== undefined) return { opened, slot };
      }
      return undefined;
    };
    const { now, patience } = this.#options;
    const waitsUntil = now() + limits.clientGroupKeyWaitMs;
    let opened = await tryAll();
    for (let isFirst = true; opened === undefined; isFirst = false) {
      const isToCome = isAwaited && epoch > held.missedEpoch && now() < waitsUntil;
      if (!isFirst && !isToCome) break;
      if (!isFirst) await patience.pause(givenPollMs);
      await this.#readFor(held, epoch, isPatient);
      opened = await tryAll();
    }
    if (opened !== undefined) return opened;
    if (isAwaited) held.missedEpoch = Math.max(held.missedEpoch, epoch);
    // Each member can write what opens with no key: of an epoch to come, say, or rubbish.
    const isKnown = epoch <= (held.status?.keyEpoch ?? 0);
    if (isKnown && !(await this.#hasDrawn(held))) await this.#askAnew(held);
    return { failed: hasKeys ? 'damaged' : 'no-group-key' };
  }

  /** This user has written what was opened with it: it is not the giver's alone. */
  proven(slot: HeldSlot, from: number): void {
    if (from !== slot.by && from !== this.#options.userId) slot.isProven = true;
  }

  /**
   * Gives the key to members who have none yet, after a moment in which others may do it. Never
   * rejects.
   */
  async tend(group: string): Promise<void> {
    if (this.#tended.has(group)) return;
    this.#tended.add(group);
    const { patience, random } = this.#options;
    try {
      await patience.pause(random.fraction() * limits.clientGroupGiveMsMax);
      this.#tended.delete(group);
      await this.#give(this.#held(group));
    } catch (error) {
      // Whoever is to read it is given it by others, or draws one.
      if (!(error instanceof CimError)) throw error;
      this.#tended.delete(group);
    }
  }

  #held(group: string): HeldKeys {
    const held = this.#groups.get(group) ?? new HeldKeys(group);
    this.#groups.set(group, held);
    return held;
  }

  // ---- what there is ----------------------------------------------------------------------------

  async #readNewest(held: HeldKeys, isPatient: boolean): Promise<RegisterPage> {
    const page = await this.#read(held, undefined, isPatient);
    held.readAt = this.#options.now();
    held.addNewest(page);
    return page;
  }

  /** For all who ask meanwhile. */
  async #readOnce(held: HeldKeys, isPatient: boolean): Promise<void> {
    held.reading ??= this.#readNewest(held, isPatient).finally(() => {
      held.reading = undefined;
    });
    await held.reading;
  }

  #read(held: HeldKeys, after: SlotId | undefined, isPatient: boolean): Promise<RegisterPage> {
    const { register, patience } = this.#options;
    const read = () => register.read(held.group, after);
    return isPatient ? patience.untilAnswered(read) : read();
  }

  /** What may open a message of this epoch, unless that was asked a moment ago. */
  async #readFor(held: HeldKeys, epoch: number, isPatient: boolean): Promise<void> {
    const age = this.#options.now() - held.readAt;
    const isBehind = epoch > (held.status?.keyEpoch ?? 0);
    if (isBehind || age >= limits.clientGroupKeysMsMin) await this.#readOnce(held, isPatient);
    for (let after = held.nextFor(epoch); after; after = held.nextFor(epoch))
      held.addOlder(await this.#read(held, after, isPatient));
  }

  async #ratchetOf(
    held: HeldKeys,
    slot: HeldSlot,
    isPatient: boolean,
  ): Promise<Ratchet | undefined> {
    slot.ratchet ??= this.#openSlot(held.group, slot, isPatient);
    try {
      return await slot.ratchet;
    } catch (error) {
      delete slot.ratchet;
      throw error;
    }
  }

  async #openSlot(
    group: string,
    { epoch, by, sealed: bytes }: HeldSlot,
    isPatient: boolean,
  ): Promise<Ratchet | undefined> {
    const { own, peers, userId, slots } = this.#options;
    const sealed = takeSlotApart(bytes);
    if (!sealed) return undefined;
    const sender =
      by === userId
        ? await own.find(sealed.senderKeyId)
        : await peers.senderKey(by, sealed.senderKeyId, isPatient);
    if (!sender) return undefined;
    const place = { group, epoch, to: userId };
    for (const receiver of await own.all()) {
      const key = await slots.run(() => openGroupKey(sealed, sender, receiver, place));
      if (key?.length === groupKeyBytes) return new Ratchet(group, epoch, key);
    }
    return undefined;
  }

  /** Whether some of what is held came with a draw, and opens: what single members have given may be wrong. */
  async #hasDrawn(held: HeldKeys): Promise<boolean> {
    for (const slot of held.slots)
      if (!isGiven(slot) && (await this.#ratchetOf(held, slot, false))) return true;
    return false;
  }

  /** What was sealed for this member is of no use: the others are to see that, and give it anew. */
  async #askAnew(held: HeldKeys): Promise<void> {
    if (held.slots.length === 0 || held.hasAskedAnew) return;
    held.hasAskedAnew = true;
    const { register } = this.#options;
    await register.forget(held.group).catch(ignore('it is given with the next key that is drawn'));
  }

  // ---- to seal with -----------------------------------------------------------------------------

  async #findKey(held: HeldKeys): Promise<EpochKey> {
    const { random, patience, userId: by } = this.#options;
    const { group } = held;
    const backoff = new Backoff({ baseMs: 100, capMs: 5_000, random: () => random.fraction() });
    for (;;) {
      const { status, missing } = await this.#readNewest(held, true);
      const agreed = await this.#agreed(held, status);
      if (agreed) {
        if (missing.length > 0) void this.tend(group);
        return { epoch: status.keyEpoch, key: await messageKeyOf(agreed, group) };
      }
      const epoch = epochToDraw(status);
      const drawn = await this.#sealer.draw(group, epoch);
      if (drawn) {
        const { draw, key } = drawn;
        held.addDrawn({ epoch, by, draw }, new Ratchet(group, epoch, key));
        return { epoch, key: await messageKeyOf(key, group) };
      }
      await patience.pause(backoff.next());
    }
  }

  /** Undefined: one has to be drawn. */
  async #agreed(held: HeldKeys, status: GroupStatus): Promise<Uint8Array | undefined> {
    const candidates: Candidate[] = [];
    for (const slot of slotsForSealing(held.slots, status)) {
      const ratchet = await this.#ratchetOf(held, slot, true);
      if (ratchet) candidates.push({ slot, key: await ratchet.at(status.keyEpoch) });
    }
    return keyToSealWith(candidates);
  }

  // ---- for others -------------------------------------------------------------------------------

  async #give(held: HeldKeys): Promise<void> {
    const { register, patience } = this.#options;
    const { status, missing } = await this.#readNewest(held, true);
    if (missing.length === 0 || !(await this.#agreed(held, status))) return;
    const showsAll = await patience.untilAnswered(() => register.showsAll(held.group));
    const since = showsAll ? 1 : Math.min(...missing.map((each) => each.since));
    await this.#readFor(held, since, true);
    const ratchets: Ratchet[] = [];
    for (const slot of byTrust(held.slots)) {
      const ratchet = await this.#ratchetOf(held, slot, true);
      if (ratchet) ratchets.push(ratchet);
    }
    const gifts = missing.map(async ({ userId: to, since }) => ({
      to,
      keys: await keysToGive(ratchets, since, showsAll),
    }));
    await this.#sealer.give(held.group, await Promise.all(gifts));
  }
}
