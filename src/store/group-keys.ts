/**
 * The register of an encrypted group's keys: what was sealed for its members, by members, and every
 * change of both. Nobody here can open any of it. A key belongs to an epoch of the group
 * (src/store/decisions/group-keys.ts); it comes into the register by a *draw*, with a slot for every
 * member at once, or is *given* to a single member afterwards.
 *
 * It lives and ends with the group, and what was sealed for a member goes when they do.
 */

import { randomBytes } from 'node:crypto';

export interface KeyState {
  /** The present epoch, from 1 on; 0: the group is not encrypted. */
  readonly keyEpoch: number;
  /** Into this epoch no key may be ratcheted, and so none from before it is used any more. */
  readonly freshFrom: number;
  /** The epoch of the newest draw; 0: there is none. */
  readonly drawn: number;
}

/** A key of an epoch, sealed for one member. */
export interface KeySlot {
  readonly epoch: number;
  /** Who has sealed it. */
  readonly by: number;
  /** The draw that it came with; empty: it was given. */
  readonly draw: string;
  /** In base64url. */
  readonly sealed: string;
}

/** Which of the slots of one member. */
export type SlotPlace = Pick<KeySlot, 'epoch' | 'by'>;

export interface SlotOf {
  readonly userId: number;
  /** In base64url. Empty: nothing can be sealed for this member, who then is without a key. */
  readonly sealed: string;
}

/** A page of a draw, or all of it. */
export interface Draw {
  readonly group: string;
  readonly by: number;
  /** What names it: no other draw has it. */
  readonly draw: string;
  readonly epoch: number;
  readonly slots: readonly SlotOf[];
  /** With this page it is complete, and is to count. */
  readonly commit: boolean;
}

export interface Drawn extends KeyState {
  /**
   * `staged`: kept for `limits.groupKeyStagedMs`, unless the same member stages another draw.
   * `committed`: it counts, now or from before. `taken`: another one counts for this epoch. `stale`:
   * a later epoch is to be drawn for (or one that is not as far ahead), and nothing of this draw is kept. `incomplete`: these members,
   * or some of them, have no slot yet.
   */
  readonly status: 'staged' | 'committed' | 'stale' | 'taken' | 'incomplete';
  /** Of the newest draw that counts; empty: there is none. */
  readonly drawId: string;
  readonly missing: readonly number[];
}

export interface GivenSlot extends SlotOf {
  readonly epoch: number;
}

export interface OwnKeys extends KeyState {
  readonly drawId: string;
  /** Those of the user, the newest epoch first, at most `limits.groupKeySlotsPageMax`. */
  readonly slots: readonly KeySlot[];
  readonly more: boolean;
  /**
   * Other members who have no key since they joined, those who have waited longest first, at most
   * `limits.groupKeyMissingMax`; `since`: the epoch with which they joined.
   */
  readonly missing: readonly { readonly userId: number; readonly since: number }[];
}

export const memberChangeKinds = ['created', 'joined', 'left', 'removed'] as const;
export const keyChangeKinds = ['drawn', 'given'] as const;

/** What has changed of who is a member, or of keys. */
export interface GroupKeyChange {
  /** From 1 on, without a gap in its list. */
  readonly number: number;
  /** The group's, from then on. */
  readonly epoch: number;
  readonly kind: (typeof memberChangeKinds | typeof keyChangeKinds)[number];
  readonly userId: number;
  readonly by: number;
  /** ms since 1970, by the store's clock. */
  readonly at: number;
}

/** The number of the last change of each list that is known. */
export interface ChangesPlace {
  readonly members: number;
  readonly keys: number;
}

/**
 * Two lists, so that keys which are drawn again and again push nothing out of who has joined and gone. Of
 * each the newest `limits.groupChangesMax` are kept; of each at most `limits.groupChangesPageMax`.
 */
export interface GroupKeyChanges {
  /** Of this group alone, and of no other that had its name: random, from its creation on. */
  readonly groupId: string;
  readonly members: readonly GroupKeyChange[];
  readonly keys: readonly GroupKeyChange[];
}

/** What a group is told apart by from others of its name. */
export function drawGroupId(): string {
  return randomBytes(16).toString('base64url');
}

/** Of somebody who is not in the group, or of one that is not encrypted. */
export type NoRegister = 'not-a-member' | 'not-encrypted';

export interface GroupKeys {
  /** Repeating it is harmless. Slots of others than members are passed over. */
  draw(draw: Draw): Promise<Drawn | NoRegister>;

  /**
   * Gives the number of slots that were taken: the first of a giver for a receiver and an epoch, while
   * there are fewer than `limits.groupKeyGiversMax` for those two. The others are passed over.
   */
  give(group: string, by: number, slots: readonly GivenSlot[]): Promise<number | NoRegister>;

  /** `after`: the last slot of the page before. */
  read(group: string, userId: number, after?: SlotPlace): Promise<OwnKeys | NoRegister>;

  /** The member's own slots go: they cannot be opened. Others see that they are without a key. */
  forget(group: string, userId: number): Promise<NoRegister | null>;

  /** Those with numbers above these. */
  changes(
    group: string,
    userId: number,
    after: ChangesPlace,
  ): Promise<GroupKeyChanges | NoRegister>;
}
