/** Conversations in Redis: a hash per user (scripts/block.lua describes it), which appends look into. */
import { limits } from '../../base/limits.ts';
import type { Conversation, ConversationName, Conversations, Flag } from '../conversations.ts';
import { type Flags, nothingSaid, type Said, unreadOf } from '../decisions/conversation.ts';
import { groupTimeline, userTimeline } from '../timelines.ts';
import type { Item, RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

/** What is not of a peer has a name in the hash. */
const peerId = /^\d+$/;
const isBlocked = /^[23]:/;
/** As set-flag.lua has them. */
const bitOf: Readonly<Record<Flag, number>> = { muted: 1, pinned: 2 };

type GroupReply = [at: number, seq: number, unread: number];

export class RedisConversations implements Conversations {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async block(userId: number, peer: number): Promise<'blocked' | 'too-many'> {
    return (await this.#change(userId, peer, 1)) === -1 ? 'too-many' : 'blocked';
  }

  async unblock(userId: number, peer: number): Promise<boolean> {
    return (await this.#change(userId, peer, 0)) === 1;
  }

  async blockedBy(userId: number): Promise<number[]> {
    const fields = await this.#calls.fields(this.#keys.talk(userTimeline(userId)));
    return fields
      .flatMap(([peer, record]) =>
        peerId.test(peer) && isBlocked.test(record) ? [Number(peer)] : [],
      )
      .toSorted((one, other) => one - other);
  }

  async list(userId: number): Promise<Conversation[]> {
    const fields = new Map(await this.#calls.fields(this.#keys.talk(userTimeline(userId))));
    const peers = [...fields.keys()].flatMap((field) => partyOf.exec(field)?.[1] ?? []);
    return [...new Set(peers)].flatMap((peer): Conversation[] => {
      const received = saidIn(fields.get(`<${peer}`));
      const sent = saidIn(fields.get(`>${peer}`));
      const own = ownIn(fields.get(`=${peer}`));
      const { at, seq } = sent.seq > received.seq ? sent : received;
      const { isMuted, isPinned } = own;
      if (at === 0 && !isMuted && !isPinned) return [];
      const unread = unreadOf({ total: received.total, read: own.read });
      const id = peer === '' ? userId : Number(peer);
      return [{ peer: id, group: '', at, seq, unread, isMuted, isPinned }];
    });
  }

  async ofGroups(userId: number, groups: readonly string[]): Promise<(Conversation | null)[]> {
    const items = groups.map((group): Item => {
      const timeline = groupTimeline(group);
      const keys = [
        this.#keys.members(timeline),
        this.#keys.talk(timeline),
        this.#keys.head(timeline),
        this.#keys.log(timeline),
      ];
      return { keys, args: [userId] };
    });
    const [flags, replies] = await Promise.all([
      this.#calls.someFields(
        this.#keys.talk(userTimeline(userId)),
        groups.map((group) => `=#${group}`),
      ),
      this.#calls.runAll(scripts.groupConversation, items),
    ]);
    return groups.map((group, index) => {
      const reply = replies[index] as GroupReply | null;
      if (!reply) return null;
      const [at, seq, unread] = reply;
      const { isMuted, isPinned } = ownIn(flags[index]);
      return { peer: 0, group, at, seq, unread, isMuted, isPinned };
    });
  }

  async setFlag(
    userId: number,
    { peer, group }: ConversationName,
    flag: Flag,
    isSet: boolean,
  ): Promise<'set' | 'too-many'> {
    // Of what one writes to oneself the peer is nobody (append.lua).
    const other = peer === userId ? '' : peer;
    const reply = await this.#calls.run(
      scripts.setFlag,
      [this.#keys.talk(userTimeline(userId))],
      [
        group === '' ? other : `#${group}`,
        ...[bitOf[flag], isSet ? 1 : 0, limits.flaggedPerUserMax],
      ],
    );
    return reply === -1 ? 'too-many' : 'set';
  }

  async #change(userId: number, peer: number, blocks: 0 | 1): Promise<unknown> {
    const keys = [this.#keys.talk(userTimeline(userId))];
    return this.#calls.run(scripts.block, keys, [peer, blocks, limits.blockedPerUserMax]);
  }
}

/** The other side of what a field is about: nobody where one writes to oneself. */
const partyOf = /^[<>=](\d*)$/;

/** "total:at:seq", or of own copies "at:seq" (append.lua). */
function saidIn(field: string | undefined): Said {
  if (field === undefined) return nothingSaid;
  const [seq = 0, at = 0, total = 0] = field.split(':').map(Number).reverse();
  return { total, at, seq };
}

/** "flags:read" (set-flag.lua). */
function ownIn(field: string | null | undefined): Flags & { readonly read: number } {
  const [flags = 0, read = 0] = (field ?? '').split(':').map(Number);
  return { isMuted: (flags & bitOf.muted) !== 0, isPinned: (flags & bitOf.pinned) !== 0, read };
}
