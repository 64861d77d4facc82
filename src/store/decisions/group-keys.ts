/**
 * The epochs of an encrypted group's key, and what its register keeps. Pure; the scripts that include
 * parts/group-keys.lua say the same in Redis.
 *
 * Every change of who is a member begins an epoch, and so does a draw where there is a key already: so
 * no epoch has two keys. An epoch that begins with somebody joining may use the key before, ratcheted;
 * any other needs one that was drawn for it or later.
 */
import { limits } from '../../base/limits.ts';
import type { GroupKeyChange, KeySlot, KeyState, SlotPlace } from '../group-keys.ts';

export const firstState: KeyState = { keyEpoch: 1, freshFrom: 1, drawn: 0 };

export type KeyRefusal = 'encrypted-group' | 'not-encrypted' | 'stale-key';

/**
 * Of a message that is sealed under the key of an epoch (0: it is not sealed), to a group whose epoch
 * is this one (0: it is not encrypted). Null: it may be stored.
 */
export function keyRefusal(sealedIn: number, keyEpoch: number): KeyRefusal | null {
  if (sealedIn === keyEpoch) return null;
  if (sealedIn === 0) return 'encrypted-group';
  return keyEpoch === 0 ? 'not-encrypted' : 'stale-key';
}

/** When who is a member changes. */
export function nextKeyEpoch(keyEpoch: number): number {
  return keyEpoch === 0 ? 0 : keyEpoch + 1;
}

export function afterDraw(epoch: number): KeyState {
  return { keyEpoch: epoch, freshFrom: epoch, drawn: epoch };
}

/**
 * The epoch that is due: the present one while it has no key, else the next. One may be drawn for that is
 * ahead of it: members who have seen later epochs, before a failover lost them, use none of those again.
 */
function epochToDraw({ keyEpoch, freshFrom, drawn }: KeyState): number {
  return drawn < freshFrom ? keyEpoch : keyEpoch + 1;
}

/** A draw that counts. */
export interface KnownDraw {
  readonly epoch: number;
  readonly by: number;
  readonly draw: string;
  /** The newest number of the group's timeline when it began to count. */
  readonly head: number;
}

export interface Staged {
  readonly draw: string;
  readonly epoch: number;
  /** The group's epoch when it was begun: in another one other people are members. */
  readonly keyEpoch: number;
}

export type DrawVerdict = 'committed' | 'taken' | 'stale' | 'begins' | 'goes-on';

/** What becomes of a page of a draw, before it is looked at who has a slot. */
export function decideDraw(
  asked: { readonly by: number; readonly draw: string; readonly epoch: number },
  state: KeyState,
  newest: KnownDraw | undefined,
  staged: Staged | undefined,
): DrawVerdict {
  if (newest && newest.epoch === asked.epoch)
    return newest.by === asked.by && newest.draw === asked.draw ? 'committed' : 'taken';
  const ahead = asked.epoch - epochToDraw(state);
  if (ahead < 0 || ahead > limits.groupEpochsAheadMax) return 'stale';
  const isSame =
    staged?.draw === asked.draw &&
    staged.epoch === asked.epoch &&
    staged.keyEpoch === state.keyEpoch;
  return isSame ? 'goes-on' : 'begins';
}

/**
 * Of the draws of a group, the newest of which counts from now on, the epochs of those that nobody
 * needs any more: no message was stored between one and the next, or all of those are gone. Of more
 * than there may be, the oldest of the member with the most: who draws and draws pushes out their own.
 */
export function drawsToDrop(draws: readonly KnownDraw[], messagesMax: number): number[] {
  const known = draws.toSorted((one, other) => one.epoch - other.epoch);
  const head = known.at(-1)?.head ?? 0;
  const needed = known.filter(({ head: from }, index) => {
    const to = known[index + 1]?.head;
    return to === undefined || (to > from && to > head - messagesMax);
  });
  const kept = new Set(needed);
  while (kept.size > limits.groupKeyDrawsMax) kept.delete(oldestOfMost([...kept]));
  return known.filter((draw) => !kept.has(draw)).map(({ epoch }) => epoch);
}

/** Of draws in their order; of two members with as many, whose oldest is older. */
function oldestOfMost(draws: readonly KnownDraw[]): KnownDraw {
  const byMember = Map.groupBy(draws, ({ by }) => by);
  let most: readonly KnownDraw[] = [];
  for (const each of byMember.values()) if (each.length > most.length) most = each;
  return most[0] as KnownDraw;
}

export interface GiveFacts {
  readonly state: KeyState;
  /** The epochs of all draws that are kept. */
  readonly draws: readonly number[];
  /** The epoch with which the receiver joined; undefined: they are no member. */
  readonly since: number | undefined;
  readonly showsAll: boolean;
  /** What the receiver was given before: epoch and giver. */
  readonly given: readonly SlotPlace[];
}

/** Whether somebody may be given the key of an epoch by this member. */
export function mayGive(
  { epoch, by, userId }: { readonly epoch: number; readonly by: number; readonly userId: number },
  { state, draws, since, showsAll, given }: GiveFacts,
): boolean {
  if (since === undefined || userId === by) return false;
  // Without a draw at or before it there is no key of it.
  const oldest = Math.min(...draws);
  if (epoch < oldest || epoch > state.keyEpoch) return false;
  if (epoch < since && !showsAll) return false;
  const ofEpoch = given.filter((slot) => slot.epoch === epoch);
  if (ofEpoch.some((slot) => slot.by === by) || ofEpoch.length >= limits.groupKeyGiversMax)
    return false;
  return given.filter((slot) => slot.epoch >= oldest).length < limits.groupKeysGivenMax;
}

/** What is sealed for one member. */
export interface OwnSlots {
  readonly drawn: readonly KeySlot[];
  /** Some may be of epochs before the oldest draw. */
  readonly given: readonly KeySlot[];
  /** The epochs of all draws that are kept. */
  readonly draws: readonly number[];
}

/** Those behind a place, the newest epoch first, and whether there are more. */
export function pageOfSlots(
  { drawn, given, draws }: OwnSlots,
  after: SlotPlace | undefined,
): { readonly slots: KeySlot[]; readonly more: boolean } {
  const oldest = Math.min(...draws);
  const isDrawn = (slot: KeySlot) => drawn.some((each) => compareSlots(each, slot) === 0);
  const rest = [...drawn, ...given.filter((slot) => slot.epoch >= oldest && !isDrawn(slot))]
    .filter((slot) => after === undefined || compareSlots(slot, after) > 0)
    .toSorted(compareSlots);
  const { groupKeySlotsPageMax } = limits;
  return { slots: rest.slice(0, groupKeySlotsPageMax), more: rest.length > groupKeySlotsPageMax };
}

function compareSlots(one: SlotPlace, other: SlotPlace): number {
  return other.epoch - one.epoch || one.by - other.by;
}

/** Which list a change is in. */
export function isOfKeys(kind: GroupKeyChange['kind']): boolean {
  return kind === 'drawn' || kind === 'given';
}

/** The next change, with those of its list before it that are still kept. */
export function withChange(
  changes: readonly GroupKeyChange[],
  change: Omit<GroupKeyChange, 'number'>,
): readonly GroupKeyChange[] {
  const number = (changes.at(-1)?.number ?? 0) + 1;
  return [...changes, { number, ...change }].slice(-limits.groupChangesMax);
}
