/**
 * What this tab sends by way of the outbox, and waits for. Whoever leads tells when something does not
 * wait any more; who may have missed that looks it up.
 */
import { CimError } from '../../../base/errors.ts';
import type { MessageExtras, SentMessage, Target, User } from '../client-events.ts';
import { draftOf } from '../content/contents.ts';
import type { Draft } from '../e2ee/sealable.ts';
import { checkedDraft, checkedTarget } from '../sending/send-checks.ts';
import type { DeviceDatabase } from './database.ts';
import type { Outbox } from './outbox.ts';

/** What all tabs share of it, while this one takes part. */
interface Share {
  readonly database: DeviceDatabase;
  readonly outbox: Outbox;
}

export interface TabSendsOptions {
  readonly user: User;
  readonly tab: string;
  /** Resolves when this tab takes part; to undefined if it is alone, or closed. */
  readonly share: () => Promise<Share | undefined>;
  /** Whoever leads is to send what was kept. */
  readonly onKept: () => void;
  /** Where nothing can be kept. */
  readonly sendAlone: (target: Target, text: string, extras: MessageExtras) => Promise<SentMessage>;
  /** Something is not sent that nobody waits for here. */
  readonly onRefused: (refused: { readonly id: string; readonly error: CimError }) => void;
}

export type Settled = { readonly sent: SentMessage } | { readonly error: CimError };

export class TabSends {
  readonly #options: TabSendsOptions;
  /** By identity. */
  readonly #waiting = new Map<string, PromiseWithResolvers<SentMessage>>();

  constructor(options: TabSendsOptions) {
    this.#options = options;
  }

  /** Rejects as CimClient.send() does. */
  async send(to: Target, text: string, extras: MessageExtras): Promise<SentMessage> {
    const { user, tab, share, sendAlone } = this.#options;
    const target = checkedTarget(to);
    const draft = checkedDraft(draftOf(user.userId, target, text, extras));
    const shared = await share();
    return shared ? this.keep(shared, tab, target, draft) : sendAlone(target, text, extras);
  }

  /** Of this tab, or (`by`) of another one that has asked for it. Both are checked. */
  async keep({ outbox }: Share, by: string, target: Target, draft: Draft): Promise<SentMessage> {
    const sending = Promise.withResolvers<SentMessage>();
    let id = '';
    const named = (given: string) => {
      id = given;
      this.#waiting.set(id, sending);
    };
    const { onKept } = this.#options;
    outbox.add({ by, target, draft, named, refused: sending.reject }, onKept);
    try {
      return await sending.promise;
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** It waits no longer. */
  settled(id: string, outcome: Settled): void {
    const sending = this.#waiting.get(id);
    if ('sent' in outcome) sending?.resolve(outcome.sent);
    else if (sending) sending.reject(outcome.error);
    else this.#options.onRefused({ id, error: outcome.error });
  }

  /** Somebody else leads, or this tab has slept: something may have been told that was not heard. */
  async look({ database, outbox }: Share): Promise<void> {
    for (const id of await outbox.gone([...this.#waiting.keys()])) {
      const stored = (await database.get('messages', id))?.message;
      const { seq = 0, encrypted } = stored ?? {};
      if (stored) this.settled(id, { sent: { id, seq, ...(encrypted && { encrypted }) } });
      else this.#waiting.get(id)?.reject(new CimError('unconfirmed'));
    }
  }

  /** This tab is closed. What is kept is sent all the same. */
  abandon(): void {
    for (const { reject } of this.#waiting.values()) reject(new CimError('unconfirmed'));
  }
}
