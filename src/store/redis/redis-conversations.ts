/** Conversations in Redis: a hash per user (scripts/block.lua describes it), which appends look into. */
import { limits } from '../../base/limits.ts';
import type { Conversations } from '../conversations.ts';
import { userTimeline } from '../timelines.ts';
import type { RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

/** What is not of a peer has a name in the hash. */
const peerId = /^\d+$/;
const isBlocked = /^[23]:/;

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

  async #change(userId: number, peer: number, blocks: 0 | 1): Promise<unknown> {
    const keys = [this.#keys.talk(userTimeline(userId))];
    return this.#calls.run(scripts.block, keys, [peer, blocks, limits.blockedPerUserMax]);
  }
}
