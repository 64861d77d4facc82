/**
 * Sending, from the application's side: checks what is to be sent, gives it to outgoing.ts, and
 * tells by a promise what became of it.
 */
import type { CimError } from '../../base/errors.ts';
import { command } from '../../codec/commands.ts';
import { sourceOf, transientIdentity } from '../../codec/identity.ts';
import { toHex } from '../../codec/message-scan.ts';
import type { SentMessage, Target } from './client-events.ts';
import type { RequestFields } from './connection.ts';
import { Outgoing } from './outgoing.ts';
import type { Platform } from './platform.ts';
import { checkedTarget, checkedText } from './send-checks.ts';

export interface SenderOptions {
  readonly userId: number;
  readonly platform: Platform;
  readonly write: (fields: RequestFields) => void;
}

export class Sender {
  readonly #options: SenderOptions;
  /** Drawn once: messages keep their identity over reconnects. */
  readonly epoch: Uint8Array;
  readonly epochHex: string;
  readonly outgoing: Outgoing;
  #transientCount = 0;
  #onAllAnswered: (() => void) | undefined;

  constructor(options: SenderOptions) {
    const { platform, write } = options;
    this.#options = options;
    this.epoch = platform.random.bytes(8);
    this.epochHex = toHex(this.epoch);
    this.outgoing = new Outgoing({
      random: () => platform.random.fraction(),
      date: () => platform.clock.now(),
      write: ({ to, group, sendSeq, text, restart }) =>
        write({
          cmd: command.message,
          reqMsg: text,
          ...(group === '' ? { to } : { group }),
          sendSeq,
          ...(restart && { restart }),
        }),
    });
  }

  /** Rejects as CimClient.send() does. */
  send(target: Target, text: string): Promise<SentMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<SentMessage>();
    try {
      const { to, group } = { to: 0, group: '', ...checkedTarget(target) };
      const stored = (sendSeq: number, seq: number) => {
        const source = sourceOf(this.#options.userId, this.epochHex, to, group);
        resolve({ id: `${source}.${sendSeq}`, seq });
        this.#answered();
      };
      const refused = (error: CimError) => {
        reject(error);
        this.#answered();
      };
      const now = this.#options.platform.clock.monotonic();
      this.outgoing.add(to, group, checkedText(text), { stored, refused }, now);
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  /** Written now, and forgotten. */
  sendTransient(target: Target, text: string): SentMessage {
    const { to, group } = { to: 0, group: '', ...checkedTarget(target) };
    const reqMsg = checkedText(text);
    const sendSeq = ++this.#transientCount;
    this.#options.write({
      cmd: command.message,
      reqMsg,
      ...(group === '' ? { to } : { group }),
      sendSeq,
      transient: true,
    });
    const source = sourceOf(this.#options.userId, this.epochHex, to, group);
    return { id: transientIdentity(source, sendSeq), seq: 0, transient: true };
  }

  /** Resolves when all that was sent is answered, and after `timeoutMs` at the latest. */
  whenAnswered(timeoutMs: number): Promise<void> {
    if (this.outgoing.unansweredCount === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.platform.clock.setTimeout(resolve, timeoutMs);
      this.#onAllAnswered = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** Nothing can be sent any more: what is unanswered is rejected. */
  abandon(): void {
    this.outgoing.abandon();
    this.#onAllAnswered?.();
  }

  #answered(): void {
    if (this.outgoing.unansweredCount === 0) this.#onAllAnswered?.();
  }
}
