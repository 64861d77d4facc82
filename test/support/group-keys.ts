/** Encrypted groups for tests of stores, and what their members seal: it is never opened here. */
import { randomBytes } from 'node:crypto';
import type { GroupHistory } from '../../src/base/group-history.ts';
import type { Draw, GivenSlot, KeySlot, SlotOf } from '../../src/store/group-keys.ts';
import type { Store } from '../../src/store/store.ts';
import { type AppendResult, groupTimeline } from '../../src/store/timelines.ts';
import { nextGroup, nextUserId } from '../contract/store/users.ts';
import { Conversation } from './messages.ts';

export type TestGroup = Awaited<ReturnType<typeof encryptedGroup>>;

/** A complete draw of its own. */
export function drawOf(group: string, by: number, epoch: number, slots: readonly SlotOf[]): Draw {
  const draw = randomBytes(16).toString('base64url');
  return { group, by, epoch, slots, draw, commit: true };
}

export function gaveTo(userId: number, epoch: number): GivenSlot {
  return { userId, epoch, sealed: `given${userId}` };
}

export async function newAccount({ accounts }: Store): Promise<number> {
  const userId = nextUserId();
  await accounts.register({ name: `Member ${userId}`, userId });
  return userId;
}

/** Its owner, who is the first of its members, and so many in all: epoch by epoch. */
export async function encryptedGroup(store: Store, count: number, history?: GroupHistory) {
  const name = nextGroup();
  const members = Array.from({ length: count }, nextUserId);
  const [owner = 0, ...others] = members;
  await store.groups.create(name, owner, history, true);
  for (const userId of others) await store.groups.join(name, userId, true);
  const conversations = new Map<number, Conversation>();
  const sent = new Map<number, number>();

  /** So many messages of somebody, sealed under the key of an epoch. */
  const append = async (
    userId: number,
    sendSeq: number,
    keyEpoch: number,
    texts = 1,
    to = name,
  ): Promise<AppendResult> => {
    const conversation = conversations.get(userId) ?? new Conversation(userId, to);
    conversations.set(userId, conversation);
    const run = conversation.append(
      groupTimeline(to),
      sendSeq,
      Array.from({ length: texts }, (_, index) => `text ${sendSeq + index}`),
    );
    const [result] = await store.timelines.append([{ ...run, keyEpoch, onlyIfMember: userId }]);
    return result as AppendResult;
  };

  return {
    name,
    owner,
    members,
    append,
    /** Its next message, which is taken. */
    async write(userId: number, keyEpoch: number): Promise<void> {
      const sendSeq = (sent.get(userId) ?? 0) + 1;
      sent.set(userId, sendSeq);
      const { status } = await append(userId, sendSeq, keyEpoch);
      if (status !== 'taken') throw new Error(`a message was not taken: ${status}`);
    },
    /** One for each member. */
    async slots(sealed: string): Promise<SlotOf[]> {
      const all = await store.groups.members(name, 0, 2_000);
      return all.map((userId) => ({ userId, sealed: `${sealed}${userId}` }));
    },
    /** The epoch that is to be drawn for. */
    async due(): Promise<number> {
      const read = await store.groupKeys.read(name, owner);
      if (typeof read === 'string') throw new Error(read);
      return read.drawn < read.freshFrom ? read.keyEpoch : read.keyEpoch + 1;
    },
    async allSlots(userId: number): Promise<KeySlot[]> {
      const slots: KeySlot[] = [];
      for (;;) {
        const page = await store.groupKeys.read(name, userId, slots.at(-1));
        if (typeof page === 'string') throw new Error(page);
        slots.push(...page.slots);
        if (!page.more) return slots;
      }
    },
  };
}
