/**
 * Messages for later. The sender seals them now, under the identity under which the route will send
 * them. So nobody needs to be there when they are due. Not to encrypted groups: by then they may have
 * another key.
 */

import { webCrypto } from '../../../base/secrets/web-crypto.ts';
import { fromBase64Url, toBase64Url } from '../../../base/text/base64url.ts';
import { scheduleName, scheduleSendSeq, sourceOf } from '../../../codec/identity.ts';
import { toHex } from '../../../codec/message-scan.ts';
import type { DelayedMessage, DelayedPage, Target } from '../client-events.ts';
import type { Encryption } from '../e2ee/encryption.ts';
import type { Platform } from '../platform.ts';
import { asShown, secrecyInClear } from '../receiving/received.ts';
import type { Routes, Sealable } from '../routes/routes.ts';
import { checkedDraft, checkedTarget } from './send-checks.ts';

export interface SchedulesOptions {
  readonly userId: number;
  readonly routes: Routes;
  readonly encryption: Encryption;
  readonly platform: Pick<Platform, 'random'>;
}

export class Schedules {
  readonly #options: SchedulesOptions;

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  /** The schedule's id. Rejects as CimClient.schedule() does. */
  async create(target: Target, text: string, delaySeconds: number) {
    const { userId, routes, platform } = this.#options;
    const id = toHex(platform.random.bytes(16));
    const receiver = checkedTarget(target);
    const content = await this.#contentOf(receiver, checkedDraft({ text }).text, id);
    await routes.schedule({ id, from: userId, ...receiver, ...content, delaySeconds });
    return { id };
  }

  /** A page of those that wait. */
  async list(after: string | undefined): Promise<DelayedPage> {
    const { routes, userId } = this.#options;
    const { messages, next } = await routes.delayed(userId, after);
    return { messages: await Promise.all(messages.map((each) => this.#open(each))), next };
  }

  async #contentOf(receiver: Target, text: string, id: string) {
    const { encryption } = this.#options;
    if ('group' in receiver) await encryption.groups.assertInClear(receiver.group);
    if ('group' in receiver || encryption.isInClear(receiver.to)) return { text };
    const identity = await this.#identityOf(receiver.to, id);
    const { text: clear, sealed } = await encryption.seal(receiver.to, identity, { text });
    return sealed === undefined ? { text: clear } : { sealed: toBase64Url(sealed) };
  }

  async #open({ sealed: encoded, ...message }: DelayedMessage & Sealable): Promise<DelayedMessage> {
    const { userId: from, encryption } = this.#options;
    const { id, to = 0, group } = message;
    if (encoded === undefined)
      return group === undefined
        ? { ...message, ...secrecyInClear(encryption, from, to) }
        : message;
    const identity = await this.#identityOf(to, id);
    const sealed = fromBase64Url(encoded) ?? new Uint8Array();
    return { ...message, ...asShown(await encryption.open({ from, to, identity, sealed }, false)) };
  }

  async #identityOf(to: number, scheduleId: string): Promise<string> {
    const { userId } = this.#options;
    const name = new TextEncoder().encode(scheduleName(userId, scheduleId));
    const digest = new Uint8Array(await webCrypto().digest('SHA-256', name));
    return `${sourceOf(userId, toHex(digest, 0, 8), to, '')}.${scheduleSendSeq}`;
  }
}
