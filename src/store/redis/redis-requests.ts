/** Keys of HTTP requests in Redis, each a string that expires by itself. */
import { limits } from '../../base/limits.ts';
import type { RequestClaim, Requests } from '../requests.ts';
import type { RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

export class RedisRequests implements Requests {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async claim({
    owner,
    key,
    fingerprint,
    epochHex,
  }: RequestClaim): Promise<Pick<RequestClaim, 'fingerprint' | 'epochHex'>> {
    const standing = await this.#calls.run(
      scripts.claimRequest,
      [this.#keys.request(owner, key)],
      [`${epochHex}:${fingerprint}`, limits.idempotencyKeyMs],
    );
    const text = String(standing);
    const colon = text.indexOf(':');
    return { epochHex: text.slice(0, colon), fingerprint: text.slice(colon + 1) };
  }
}
