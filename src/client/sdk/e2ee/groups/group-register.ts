/**
 * The register of a group's keys, as routes keep it: calls, and what their answers have to be.
 * Whoever answers may be anybody's program: what makes no sense is no answer.
 */
import { CimError } from '../../../../base/errors.ts';
import type { GroupHistory } from '../../../../base/group-history.ts';
import { limits } from '../../../../base/limits.ts';
import { fromBase64Url, toBase64Url } from '../../../../base/text/base64url.ts';
import type { GroupNewsItem } from '../../client-events.ts';
import { isGroupId, isMemberChange, type MemberChange } from './group-view.ts';
import type { GroupStatus, Slot } from './key-schedule.ts';

/** A key that is sealed for one member (group-key-slot.ts). */
export interface SealedSlot {
  readonly userId: number;
  readonly epoch: number;
  readonly sealed: Uint8Array;
}

/** What names a slot of this member, in the order of pages. */
export type SlotId = Pick<Slot, 'epoch' | 'by'>;

/** The calls; each rejects with the CimError that a route answers with. */
export interface GroupKeyCalls {
  groupKeys(group: string, after: string | undefined): Promise<unknown>;
  drawGroupKey(request: DrawRequest): Promise<unknown>;
  giveGroupKey(group: string, slots: GivenSlots): Promise<unknown>;
  groupInfo(group: string): Promise<{ readonly history: GroupHistory }>;
  groupChanges(group: string, after: ChangesPlace): Promise<unknown>;
  /** One's own slots go: the members see that this one is without a key. */
  forgetGroupKeys(group: string): Promise<unknown>;
  /** Ids above this one, in their order. */
  groupMembers(
    group: string,
    query: { readonly after?: number },
  ): Promise<readonly { readonly userId: number }[]>;
}

/** Of the changes of members, and of keys: the number of the last that is known. */
export interface ChangesPlace {
  readonly members: number;
  readonly keys: number;
}

/** What has changed of who is in a group, and of its keys: each list in its order. */
export interface ChangesPage {
  readonly groupId: string;
  readonly changes: readonly MemberChange[];
  readonly keyChanges: readonly KeyChange[];
  readonly hasMore: boolean;
}

export type KeyChange = Pick<GroupNewsItem, 'userId' | 'by' | 'at'> & {
  readonly kind: 'drawn' | 'given';
  readonly number: number;
  readonly epoch: number;
};

export type GivenSlots = readonly {
  readonly userId: number;
  readonly epoch: number;
  /** base64url */
  readonly sealed: string;
}[];

export interface DrawRequest {
  readonly group: string;
  readonly epoch: number;
  /** Commits to the key (group-key-slot.ts): the pages of one draw have the same. */
  readonly draw: string;
  readonly slots: readonly { readonly userId: number; readonly sealed: string }[];
  /** The last page. */
  readonly commit: boolean;
}

/** One's own slots, a page of them. */
export interface RegisterPage {
  readonly status: GroupStatus;
  /** The newest first. */
  readonly slots: readonly (Omit<Slot, 'seenWith'> & { readonly sealed: Uint8Array })[];
  readonly hasMore: boolean;
  /** Members who have no key since they joined, at which epoch they did: some of them. */
  readonly missing: readonly { readonly userId: number; readonly since: number }[];
}

/** `staged`: more is awaited. `stale`, `taken`, `incomplete`: it does not count, and the register says what does. */
export type DrawStatus = 'staged' | 'committed' | 'stale' | 'taken' | 'incomplete';

const statuses: readonly DrawStatus[] = ['staged', 'committed', 'stale', 'taken', 'incomplete'];

export class GroupRegister {
  readonly #calls: GroupKeyCalls;

  constructor(calls: GroupKeyCalls) {
    this.#calls = calls;
  }

  /** `after`: the last slot of the page before. */
  async read(group: string, after?: SlotId): Promise<RegisterPage> {
    const place = after && `${after.epoch}:${after.by}`;
    return pageOf(await this.#calls.groupKeys(group, place));
  }

  async draw(
    request: Omit<DrawRequest, 'slots'> & { readonly slots: readonly SealedSlot[] },
  ): Promise<DrawStatus> {
    const slots = request.slots.map(({ userId, sealed }) => ({
      userId,
      sealed: toBase64Url(sealed),
    }));
    const answer = await this.#calls.drawGroupKey({ ...request, slots });
    const { status } = fieldsOf(answer);
    return statuses.find((each) => each === status) ?? nonsense();
  }

  async give(group: string, slots: readonly SealedSlot[]): Promise<void> {
    await this.#calls.giveGroupKey(
      group,
      slots.map((slot) => ({ ...slot, sealed: toBase64Url(slot.sealed) })),
    );
  }

  async changes(group: string, after: ChangesPlace): Promise<ChangesPage> {
    const answer = await this.#calls.groupChanges(group, after);
    const { groupId, changes, keyChanges, more } = fieldsOf(answer);
    if (!isGroupId(groupId) || !Array.isArray(changes) || !Array.isArray(keyChanges))
      return nonsense();
    if (!changes.every(isMemberChange) || !keyChanges.every(isKeyChange)) return nonsense();
    return { groupId, changes, keyChanges, hasMore: more === true };
  }

  async forget(group: string): Promise<void> {
    await this.#calls.forgetGroupKeys(group);
  }

  /** Whoever joins may read what was said before. */
  async showsAll(group: string): Promise<boolean> {
    return (await this.#calls.groupInfo(group)).history === 'all';
  }

  /** The ids of all members. */
  async members(group: string): Promise<readonly number[]> {
    const members: number[] = [];
    for (;;) {
      const after = members.at(-1);
      const page = await this.#calls.groupMembers(group, after === undefined ? {} : { after });
      const ids = page.map(({ userId }) => userId).filter((id) => id > (after ?? 0));
      if (ids.length === 0) return members;
      members.push(...ids);
      if (members.length > limits.encryptedGroupMembersMax) return nonsense();
    }
  }
}

function pageOf(answer: unknown): RegisterPage {
  const { keyEpoch, freshFrom, drawn, drawId, slots, more, missing } = fieldsOf(answer);
  const isStatus = isCount(keyEpoch) && isCount(freshFrom) && isCount(drawn);
  if (!isStatus || typeof drawId !== 'string' || !Array.isArray(slots) || !Array.isArray(missing))
    return nonsense();
  return {
    status: { keyEpoch, freshFrom, drawn, drawId },
    slots: slots.map(slotOf),
    hasMore: more === true,
    missing: missing.map(memberOf),
  };
}

function slotOf(answer: unknown): RegisterPage['slots'][number] {
  const { epoch, by, draw, sealed: text } = fieldsOf(answer);
  const sealed = typeof text === 'string' ? fromBase64Url(text) : undefined;
  if (!isCount(epoch) || !isCount(by) || typeof draw !== 'string' || !sealed) return nonsense();
  return { epoch, by, draw, sealed };
}

function isKeyChange(value: unknown): value is KeyChange {
  const { number, epoch, kind, userId, by, at } = fieldsOf(value);
  const isOfKeys = kind === 'drawn' || kind === 'given';
  return isOfKeys && [number, epoch, userId, by, at].every(isCount);
}

function memberOf(answer: unknown): RegisterPage['missing'][number] {
  const { userId, since } = fieldsOf(answer);
  return isCount(userId) && isCount(since) ? { userId, since } : nonsense();
}

function fieldsOf(answer: unknown): Record<string, unknown> {
  return (answer ?? {}) as Record<string, unknown>;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function nonsense(): never {
  throw new CimError('internal', 'a route answered no keys of a group');
}
