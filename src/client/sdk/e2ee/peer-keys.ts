/**
 * Which key of somebody else to use: what the routes say of it (key-directory.ts), held against what
 * this device has seen before (key-pins.ts).
 */
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { KeyDirectory, type KeyDirectoryOptions } from './key-directory.ts';
import type { KeyChange } from './key-facts.ts';
import type { KeyPins } from './key-pins.ts';
import type { Patience } from './patience.ts';
import type { PublishedKeys } from './published-keys.ts';
import { importPublicKey, type PublicKey } from './sealing.ts';

export interface PeerKeysOptions extends KeyDirectoryOptions {
  readonly pins: KeyPins;
  readonly patience: Patience;
  /** The pins have changed: they are to be saved. */
  readonly onPinned: () => void;
  readonly onChanged: (change: KeyChange) => void;
}

/** How often a key is asked for that is about to be published again. */
const republishPollMs = 1_000;

export class PeerKeys {
  readonly #options: PeerKeysOptions;
  readonly #directory: KeyDirectory;
  /** Until then keys may still come back, monotonic ms: the store turned out to be another one. */
  #settlesAt = -Infinity;
  /** By text, the oldest first. */
  readonly #imported = new Map<string, PublicKey>();

  constructor(options: PeerKeysOptions) {
    this.#options = options;
    this.#directory = new KeyDirectory(options);
  }

  /**
   * The store is another one: keys are asked for anew before anything is sealed with them, and those
   * that are not there yet are waited for, as their owners are about to publish them again.
   */
  storeChanged(): void {
    this.#directory.forgetAll();
    this.#settlesAt = this.#options.now() + limits.storeSettlesMs;
  }

  /** That they have no key is not held: whether they have one by now is asked for the next message. */
  forgetMissing(userId: number): void {
    this.#directory.forgetMissing(userId);
  }

  /**
   * The key to seal with; undefined: the user never had one, as far as this device knows. Throws
   * `no-key` where one is missing, `key-changed` where the one that was verified is not in use any
   * more, `unknown-receiver`.
   */
  async receiverKey(userId: number): Promise<PublicKey | undefined> {
    const key = await this.memberKey(userId);
    if (this.#options.pins.writeTo(userId)) this.#options.onPinned();
    return key;
  }

  /** The same for a group's key: who is in a group with somebody has not written to them by that. */
  async memberKey(userId: number): Promise<PublicKey | undefined> {
    const published = await this.#findSettled(userId);
    const key = await this.#pinCurrent(userId, published);
    const pin = this.#options.pins.of(userId);
    if (!key && pin) {
      const said = published ? 'has no key any more' : 'is not known any more';
      throw new CimError('no-key', `user ${userId} ${said}, as the cluster says: nothing is sent`);
    }
    if (!published) throw new CimError('unknown-receiver');
    if (key && pin?.verified && pin.verified !== key.text) throw keyChanged(userId);
    return key;
  }

  /**
   * The key of a sender by which a message is named; undefined: it is none of theirs, or there are none.
   * `isPatient`: waits for a route that answers; otherwise rejects with its CimError.
   */
  async senderKey(
    userId: number,
    keyId: string,
    isPatient: boolean,
  ): Promise<PublicKey | undefined> {
    const known = await this.#pinned(userId, keyId);
    if (known) return known;
    const find = () => this.#directory.find(userId, 0);
    try {
      const published = await (isPatient ? this.#options.patience.untilAnswered(find) : find());
      await this.#pinCurrent(userId, published);
    } catch (error) {
      if (error instanceof CimError && !error.retryable) return undefined;
      throw error;
    }
    return this.#pinned(userId, keyId);
  }

  /** Asks the routes anew; the key in use now. Null: there is no such account. */
  async look(userId: number): Promise<{ userName: string; key: PublicKey | undefined } | null> {
    const published = await this.#directory.find(userId, 0);
    if (!published) return null;
    return { userName: published.userName, key: await this.#pinCurrent(userId, published) };
  }

  /** Of somebody who had a key, and is said to have none, this may not be the last word. */
  async #findSettled(userId: number): Promise<PublishedKeys | null> {
    const { pins, patience, now } = this.#options;
    for (;;) {
      const published = await this.#findPatiently(userId);
      const isAwaited = !published?.current && pins.of(userId) !== undefined;
      if (!isAwaited || now() >= this.#settlesAt) return published;
      this.#directory.forget(userId);
      await patience.pause(republishPollMs);
    }
  }

  /** What a route said last will do while none answers. Null: there is no such account. */
  async #findPatiently(userId: number): Promise<PublishedKeys | null> {
    const { patience } = this.#options;
    return patience.untilAnswered(async () => {
      try {
        return await this.#directory.find(userId, limits.clientKeysMs);
      } catch (error) {
        const held = this.#directory.held(userId);
        if (held && error instanceof CimError && error.retryable) return held;
        throw error;
      }
    });
  }

  async #pinCurrent(
    userId: number,
    published: PublishedKeys | null,
  ): Promise<PublicKey | undefined> {
    const key = published?.current ? await this.#import(published.current) : undefined;
    if (!key || !published) return undefined;
    const { pins, onPinned, onChanged } = this.#options;
    const before = pins.of(userId);
    const sighting = pins.see(userId, key.text, published.earlier);
    if (sighting !== 'known') onPinned();
    if (sighting === 'changed') {
      const { userName } = published;
      onChanged({ userId, userName, wasVerified: (before?.verified ?? null) !== null });
    }
    return key;
  }

  async #pinned(userId: number, keyId: string): Promise<PublicKey | undefined> {
    for (const text of this.#options.pins.of(userId)?.keys ?? []) {
      const key = await this.#import(text);
      if (key?.id === keyId) return key;
    }
    return undefined;
  }

  async #import(text: string): Promise<PublicKey | undefined> {
    const imported = this.#imported.get(text) ?? (await importPublicKey(text));
    if (!imported) return undefined;
    this.#imported.delete(text);
    this.#imported.set(text, imported);
    if (this.#imported.size > limits.clientKeysMax) {
      const [oldest = text] = this.#imported.keys();
      this.#imported.delete(oldest);
    }
    return imported;
  }
}

function keyChanged(userId: number): CimError {
  return new CimError(
    'key-changed',
    `the key of user ${userId} is not the one that was verified: nothing is sent until the new one is`,
  );
}
