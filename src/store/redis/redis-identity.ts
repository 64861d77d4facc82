/** What a store in Redis draws of itself: keys, made by whoever asks for them first. */
import { randomBytes } from 'node:crypto';
import type { StoreIdentity } from '../identity.ts';
import type { RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

const idBytes = 8;
const saltBytes = 16;

export class RedisIdentity implements StoreIdentity {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  get(): Promise<string> {
    return this.#drawnOnce(this.#keys.storeId(), idBytes);
  }

  salt(): Promise<string> {
    return this.#drawnOnce(this.#keys.salt(), saltBytes);
  }

  renew(): Promise<string> {
    return this.#draw(this.#keys.storeId(), idBytes, 'anew');
  }

  async #drawnOnce(key: string, bytes: number): Promise<string> {
    const [drawn] = await this.#calls.getAll([key]);
    return drawn ? drawn.toString() : this.#draw(key, bytes, 'if there is none');
  }

  async #draw(key: string, bytes: number, when: 'if there is none' | 'anew'): Promise<string> {
    const args = [randomBytes(bytes).toString('hex'), when === 'anew' ? 1 : 0];
    return String(await this.#calls.run(scripts.drawOnce, [key], args));
  }
}
