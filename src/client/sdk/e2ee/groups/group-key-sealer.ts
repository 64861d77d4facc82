/**
 * Gives keys of groups to members: a new one to all of them at once, or those that there are to some.
 * Each is sealed for each of them, under the key of their account.
 */
import { CimError, type ErrorName } from '../../../../base/errors.ts';
import { ignore } from '../../../../base/ignore.ts';
import { limits } from '../../../../base/limits.ts';
import type { OwnKeyHolder } from '../own-keys.ts';
import type { Patience } from '../patience.ts';
import type { PeerKeys } from '../peer-keys.ts';
import type { OwnKeys, PublicKey } from '../sealing.ts';
import type { Slots } from '../slots.ts';
import {
  drawIdOf,
  groupKeyBytes,
  type SlotPlace,
  scopeOf,
  sealGroupKey,
} from './group-key-slot.ts';
import type { GroupRegister, SealedSlot } from './group-register.ts';
import type { GroupView } from './group-view.ts';

export interface GroupKeySealerOptions {
  readonly userId: number;
  readonly register: GroupRegister;
  readonly own: Pick<OwnKeyHolder, 'get'>;
  readonly peers: Pick<PeerKeys, 'memberKey'>;
  readonly patience: Patience;
  readonly slots: Slots;
}

export interface GroupKeyOf {
  readonly epoch: number;
  readonly key: Uint8Array;
}

/** Of a member for whom nothing can be sealed. */
const withoutKey: ReadonlySet<ErrorName> = new Set(['no-key', 'unknown-receiver']);

export class GroupKeySealer {
  readonly #options: GroupKeySealerOptions;

  constructor(options: GroupKeySealerOptions) {
    this.#options = options;
  }

  /**
   * Draws the key of an epoch, for the members that this device knows of. Undefined: another one was
   * first, or the members are others by now. Rejects with `no-key` or `key-changed`.
   */
  async draw(
    group: string,
    view: GroupView,
    epoch: number,
  ): Promise<{ readonly draw: string; readonly key: Uint8Array } | undefined> {
    const { register, patience, userId: by } = this.#options;
    const own = await this.#own();
    const key = crypto.getRandomValues(new Uint8Array(groupKeyBytes));
    const scope = scopeOf(group, view);
    const draw = await drawIdOf(key, { scope, epoch, by });
    const slots = await Promise.all(
      [...view.members.keys()].map((to) => this.#sealFor(own, key, { scope, epoch, to, draw })),
    );
    const pageMax = limits.groupKeySlotsPerCallMax;
    for (let start = 0; start < slots.length; start += pageMax) {
      const page = slots.slice(start, start + pageMax);
      const commit = start + pageMax >= slots.length;
      const request = { group, epoch, draw, slots: page, commit };
      const status = await patience.untilAnswered(() => register.draw(request));
      if (status !== (commit ? 'committed' : 'staged')) return undefined;
    }
    return { draw, key };
  }

  /** Gives keys to single members, each what is theirs. */
  async give(
    group: string,
    view: GroupView,
    gifts: readonly { readonly to: number; readonly keys: readonly GroupKeyOf[] }[],
  ): Promise<void> {
    const { register, patience } = this.#options;
    const own = await this.#own();
    const sealed: SealedSlot[] = [];
    for (const { to, keys } of gifts) {
      for (const { epoch, key } of keys) {
        const place = { scope: scopeOf(group, view), epoch, to, draw: '' };
        const sealing = this.#sealFor(own, key, place);
        const slot = await sealing.catch(ignore('their key has changed: others may know it'));
        if (slot && slot.sealed.length > 0) sealed.push(slot);
      }
    }
    for (let start = 0; start < sealed.length; start += limits.groupKeysPerGiftMax) {
      const page = sealed.slice(start, start + limits.groupKeysPerGiftMax);
      await patience.untilAnswered(() => register.give(group, page));
    }
  }

  /** Empty for a member without a key of their own: they are given this one when they have it. */
  async #sealFor(own: OwnKeys, key: Uint8Array, place: SlotPlace): Promise<SealedSlot> {
    const { to, epoch } = place;
    const receiver = to === this.#options.userId ? own : await this.#memberKey(to);
    const sealed = receiver
      ? await this.#options.slots.run(() => sealGroupKey(key, own, receiver, place))
      : new Uint8Array();
    return { userId: to, epoch, sealed };
  }

  async #memberKey(userId: number): Promise<PublicKey | undefined> {
    try {
      return await this.#options.peers.memberKey(userId);
    } catch (error) {
      if (error instanceof CimError && withoutKey.has(error.kind)) return undefined;
      throw error;
    }
  }

  async #own(): Promise<OwnKeys> {
    const own = await this.#options.own.get();
    if (!own) throw new CimError('no-key', 'there is no key of this account here');
    return own;
  }
}
