/**
 * What a tab has asked the leading one, until it is answered. When another tab takes the lead, it is
 * asked once more what can be done twice; of the rest nobody knows whether it was done.
 */
import { CimError } from '../../../base/errors.ts';
import { errorOfTab, newId, type TabAnswer, type TabCall, type TabMessage } from './tab-channel.ts';

interface PendingCall {
  readonly call: TabCall;
  readonly outcome: PromiseWithResolvers<unknown>;
  readonly onProgress: ((value: unknown) => void) | undefined;
  /** Somebody leads who was asked. */
  isAsked: boolean;
}

/** What is done twice if it is asked twice. */
const once: ReadonlySet<string> = new Set(['send', 'sendTransient', 'schedule', 'rotateSecret']);

export interface CallOptions {
  readonly onProgress?: (value: unknown) => void;
  /** Gives the call up. */
  readonly signal?: AbortSignal | undefined;
}

export class TabCalls {
  readonly #tab: string;
  readonly #post: (message: TabMessage) => void;
  readonly #pending = new Map<string, PendingCall>();
  /** Asks who leads; undefined: nobody does for now. */
  #ask: ((call: TabCall) => void) | undefined;

  constructor(tab: string, post: (message: TabMessage) => void) {
    this.#tab = tab;
    this.#post = post;
  }

  /** Whether somebody is asked. */
  get isAsking(): boolean {
    return this.#ask !== undefined;
  }

  /** Rejects as the method of CimClient does; `unconfirmed`: whoever led is gone, and may have done it. */
  async call(
    method: string,
    given: readonly unknown[],
    { onProgress, signal }: CallOptions,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    const id = newId();
    const call: TabCall = { kind: 'call', tab: this.#tab, id, method, given };
    const pending = { call, outcome: Promise.withResolvers(), onProgress, isAsked: false };
    this.#pending.set(id, pending);
    const abort = () => {
      this.#post({ kind: 'abort', id });
      pending.outcome.reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort);
    try {
      this.#askFor(pending);
      return await pending.outcome.promise;
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#pending.delete(id);
    }
  }

  /** Another one leads; undefined: nobody does. */
  leads(ask: ((call: TabCall) => void) | undefined): void {
    this.#ask = ask;
    if (!ask) return;
    for (const pending of this.#pending.values()) {
      if (pending.isAsked && once.has(pending.call.method))
        pending.outcome.reject(new CimError('unconfirmed'));
      else this.#askFor(pending);
    }
  }

  answered({ id, result, error, isNotDone }: TabAnswer): void {
    const pending = this.#pending.get(id);
    if (isNotDone && pending) pending.isAsked = false;
    else if (error) pending?.outcome.reject(errorOfTab(error));
    else pending?.outcome.resolve(result);
  }

  progressed(id: string, value: unknown): void {
    this.#pending.get(id)?.onProgress?.(value);
  }

  /** Nobody will answer any more. */
  abandon(): void {
    for (const { outcome, isAsked } of this.#pending.values())
      outcome.reject(
        isAsked ? new CimError('unconfirmed') : new CimError('unavailable', 'the client is closed'),
      );
  }

  #askFor(pending: PendingCall): void {
    if (!this.#ask) return;
    try {
      this.#ask(pending.call);
      pending.isAsked = true;
    } catch (error) {
      // What was given cannot be copied to another tab.
      pending.outcome.reject(
        new CimError('invalid-argument', (error as Error).message, { cause: error }),
      );
    }
  }
}
