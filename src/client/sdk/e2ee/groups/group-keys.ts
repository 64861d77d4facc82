/**
 * The keys of the encrypted groups that a client is in. It fetches those that were given to its
 * user; it draws one where there is none that may be used, for all members and before anything is
 * sealed with it; and it gives the key to members who have none yet. Repeating any of that is
 * harmless: the register takes one draw for each epoch, and says which. Who is a member, and which epochs
 * have been, is what the user was told (group-view.ts): the register is believed in nothing else.
 */
import { Backoff } from '../../../../base/backoff.ts';
import { CimError } from '../../../../base/errors.ts';
import { ignore } from '../../../../base/ignore.ts';
import { limits } from '../../../../base/limits.ts';
import type { Platform } from '../../platform.ts';
import type { OwnKeyHolder } from '../own-keys.ts';
import type { PeerKeys } from '../peer-keys.ts';
import type { GroupChanges } from './group-changes.ts';
import { type MessageKey, messageKeyOf } from './group-cipher.ts';
import { GroupKeySealer, type GroupKeySealerOptions } from './group-key-sealer.ts';
import { drawIdOf, groupKeyBytes, openGroupKey, takeSlotApart } from './group-key-slot.ts';
import type { GroupView } from './group-view.ts';
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
import type { KnownGroups } from './known-groups.ts';
import { RegisterReader } from './register-reader.ts';
import { withEpochs } from './told-changes.ts';

export interface GroupKeysOptions extends GroupKeySealerOptions {
  readonly own: Pick<OwnKeyHolder, 'get' | 'find' | 'all'>;
  readonly peers: Pick<PeerKeys, 'memberKey' | 'senderKey'>;
  readonly known: KnownGroups;
  readonly changes: Pick<GroupChanges, 'read'>;
  /** What is held of a group has changed: it is to be saved. */
  readonly onKnown: () => void;
  readonly random: Platform['random'];
  /** Monotonic ms. */
  readonly now: () => number;
}

/** What messages of an epoch are sealed with. */
export interface EpochKey {
  readonly epoch: number;
  readonly key: MessageKey;
  /** Of which group of that name. */
  readonly groupId: string;
}

/** What a key has opened, and how this member has come to that. */
export interface OpenedWith<Result> {
  readonly opened: Result;
  readonly slot: HeldSlot;
  /** Of which group of that name. */
  readonly groupId: string;
}

/** `no-group-key`: this member has none of that time. `damaged`: it opens with none that they have. */
export type FailedOpening = 'no-group-key' | 'damaged';

/** How often a key is asked for that somebody is about to give. */
const givenPollMs = 1_000;

export class GroupKeys {
  readonly #options: GroupKeysOptions;
  readonly #sealer: GroupKeySealer;
  readonly #reader: RegisterReader;
  readonly #groups = new Map<string, HeldKeys>();
  /** What is sealed with now, by group. */
  readonly #sealing = new Map<string, Promise<EpochKey>>();
  /** Groups whose members are about to be looked after. */
  readonly #tended = new Set<string>();

  constructor(options: GroupKeysOptions) {
    this.#options = options;
    this.#sealer = new GroupKeySealer(options);
    this.#reader = new RegisterReader(options);
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
    const finding = this.#findKey(group);
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
    attempt: (key: MessageKey, groupId: string) => Promise<Result | undefined>,
    { isPatient, isAwaited }: { readonly isPatient: boolean; readonly isAwaited: boolean },
  ): Promise<OpenedWith<Result> | { readonly failed: FailedOpening }> {
    const held = await this.#heldToOpen(group, isPatient);
    if (!held) return { failed: 'no-group-key' };
    const { groupId } = held;
    const tried = new Set<HeldSlot>();
    let hasKeys = false;
    const tryAll = async (): Promise<OpenedWith<Result> | undefined> => {
      for (const slot of slotsForOpening(held.slots, epoch)) {
        if (tried.has(slot)) continue;
        tried.add(slot);
        const ratchet = await this.#ratchetOf(held, slot, isPatient);
        if (!ratchet) continue;
        hasKeys = true;
        const opened = await attempt(await ratchet.messageKey(epoch), groupId);
        if (opened !== undefined) return { opened, slot, groupId };
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
      if (!(await this.#reader.readFor(held, epoch, isPatient))) break;
      opened = await tryAll();
    }
    if (opened !== undefined) return opened;
    if (isAwaited) held.missedEpoch = Math.max(held.missedEpoch, epoch);
    // Each member can write what opens with no key: of an epoch to come, say, or rubbish.
    const isKnown = epoch <= (held.status?.keyEpoch ?? 0);
    if (isKnown && !(await this.#hasDrawn(held))) await this.#askAnew(held);
    return { failed: hasKeys ? 'damaged' : 'no-group-key' };
  }

  /** This user has written what was opened with it: if a member, it is not the giver's alone. */
  proven(group: string, slot: HeldSlot, from: number): void {
    const isMember = this.#options.known.viewOf(group)?.members.has(from) === true;
    if (isMember && from !== slot.by && from !== this.#options.userId) slot.isProven = true;
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
      await this.#give(group);
    } catch (error) {
      // Whoever is to read it is given it by others, or draws one.
      if (!(error instanceof CimError)) throw error;
      this.#tended.delete(group);
    }
  }

  #held(group: string, { groupId }: GroupView): HeldKeys {
    const known = this.#groups.get(group);
    const held = known?.groupId === groupId ? known : new HeldKeys(group, groupId);
    this.#groups.set(group, held);
    return held;
  }

  /** Undefined: there is no such group for this user. */
  async #heldToOpen(group: string, isPatient: boolean): Promise<HeldKeys | undefined> {
    try {
      const view = this.#options.known.viewOf(group) ?? (await this.#follow(group, isPatient));
      return this.#held(group, view);
    } catch (error) {
      if (error instanceof CimError && !error.retryable) return undefined;
      throw error;
    }
  }

  // ---- what there is ----------------------------------------------------------------------------

  /** What is held, with all that there was to tell. */
  #follow(group: string, isPatient: boolean): Promise<GroupView> {
    const { changes, patience } = this.#options;
    const read = () => changes.read(group);
    return isPatient ? patience.untilAnswered(read) : read();
  }

  /**
   * What the register says, and what is held of the group by then: nothing that it says is used before it
   * was told. `isSetBack`: it says less than it did before.
   */
  async #look(group: string) {
    for (;;) {
      const before = await this.#follow(group, true);
      const held = this.#held(group, before);
      const page = await this.#reader.newest(held, true);
      const { status } = page;
      const isSetBack = status.keyEpoch < before.epoch;
      const isNew = status.keyEpoch > before.epoch;
      const view = isNew ? await this.#follow(group, true) : before;
      const isOvertaken = view.epoch > status.keyEpoch && !isSetBack;
      if (isOvertaken || view.groupId !== held.groupId) continue;
      return { held, page, isSetBack, view: this.#seen(group, view, status) };
    }
  }

  /** It never goes back. */
  #seen(group: string, view: GroupView, status: GroupStatus): GroupView {
    const { known, onKnown } = this.#options;
    const seen = withEpochs(view, status);
    if (seen !== view && known.viewOf(group) === view) {
      known.keep(group, seen);
      onKnown();
    }
    return seen;
  }

  async #ratchetOf(
    held: HeldKeys,
    slot: HeldSlot,
    isPatient: boolean,
  ): Promise<Ratchet | undefined> {
    slot.ratchet ??= this.#openSlot(held.scope, slot, isPatient);
    try {
      return await slot.ratchet;
    } catch (error) {
      delete slot.ratchet;
      throw error;
    }
  }

  async #openSlot(
    scope: string,
    { epoch, by, draw, sealed: bytes }: HeldSlot,
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
    const place = { scope, epoch, to: userId, draw };
    for (const receiver of await own.all()) {
      const key = await slots.run(() => openGroupKey(sealed, sender, receiver, place));
      if (key?.length !== groupKeyBytes) continue;
      // Another one than the other members were given with this draw is of no use.
      const isOfDraw = draw === '' || draw === (await drawIdOf(key, { scope, epoch, by }));
      return isOfDraw ? new Ratchet(scope, epoch, key) : undefined;
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

  async #findKey(group: string): Promise<EpochKey> {
    const { random, patience, userId: by } = this.#options;
    const backoff = new Backoff({ baseMs: 100, capMs: 5_000, random: () => random.fraction() });
    for (;;) {
      const { held, page, view, isSetBack } = await this.#look(group);
      const { status, missing } = page;
      const agreed = isSetBack ? undefined : await this.#agreed(held, view, status);
      if (agreed) {
        if (missing.length > 0) void this.tend(group);
        return this.#epochKey(held, status.keyEpoch, agreed);
      }
      const epoch = epochToDraw(status, view);
      const drawn = await this.#sealer.draw(group, view, epoch);
      if (drawn) {
        const { draw, key } = drawn;
        held.addDrawn({ epoch, by, draw }, new Ratchet(held.scope, epoch, key));
        const now = this.#options.known.viewOf(group) ?? view;
        const seen = this.#seen(group, now, { ...status, keyEpoch: epoch, freshFrom: epoch });
        if (epoch >= seen.epoch) return this.#epochKey(held, epoch, key);
      } else await patience.pause(backoff.next());
    }
  }

  async #epochKey({ scope, groupId }: HeldKeys, epoch: number, key: Uint8Array): Promise<EpochKey> {
    return { epoch, key: await messageKeyOf(key, scope), groupId };
  }

  /** Of what members have drawn or given. Undefined: one has to be drawn. */
  async #agreed(
    held: HeldKeys,
    view: GroupView,
    status: GroupStatus,
  ): Promise<Uint8Array | undefined> {
    const freshFrom = Math.max(status.freshFrom, view.freshFrom);
    const ofMembers = held.slots.filter(({ by }) => view.members.has(by));
    const candidates: Candidate[] = [];
    for (const slot of slotsForSealing(ofMembers, { ...status, freshFrom })) {
      const ratchet = await this.#ratchetOf(held, slot, true);
      if (ratchet) candidates.push({ slot, key: await ratchet.at(status.keyEpoch) });
    }
    return keyToSealWith(candidates);
  }

  // ---- for others -------------------------------------------------------------------------------

  /** Only who was told of as a member is given anything, and nothing of before they came. */
  async #give(group: string): Promise<void> {
    const { held, page, view, isSetBack } = await this.#look(group);
    const { members, showsAll, freshFrom } = view;
    const missing = page.missing.flatMap(({ userId, since }) => {
      const told = members.get(userId);
      return told === undefined ? [] : [{ userId, since: Math.max(since, told) }];
    });
    if (missing.length === 0 || isSetBack || !(await this.#agreed(held, view, page.status))) return;
    const first = showsAll ? 1 : Math.min(...missing.map((each) => each.since));
    await this.#reader.readFor(held, first, true);
    const ratchets: Ratchet[] = [];
    for (const slot of byTrust(held.slots)) {
      // Of those who have gone, what nobody writes with any more.
      if (!members.has(slot.by) && slot.epoch >= freshFrom) continue;
      const ratchet = await this.#ratchetOf(held, slot, true);
      if (ratchet) ratchets.push(ratchet);
    }
    const gifts = missing.map(async ({ userId: to, since }) => ({
      to,
      keys: await keysToGive(ratchets, since, showsAll),
    }));
    await this.#sealer.give(group, view, await Promise.all(gifts));
  }
}
