/**
 * Sends, as the application sees it: checks the message, has it encrypted where that is due, gives
 * it to outgoing.ts, and tells by a promise what became of it.
 */
import { CimError, describeError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { command, contentVersion } from '../../../codec/commands.ts';
import { sourceOf, transientIdentity } from '../../../codec/identity.ts';
import { toHex } from '../../../codec/message-scan.ts';
import type { SentMessage, Target } from '../client-events.ts';
import type { RequestFields } from '../connection/connection.ts';
import type { Encryption } from '../e2ee/encryption.ts';
import type { Draft, Sendable } from '../e2ee/sealable.ts';
import type { Platform } from '../platform.ts';
import type { Kept, Numbering } from './outbox.ts';
import { Outgoing, type UnpreparedMessage } from './outgoing.ts';
import { checkedDraft, checkedTarget } from './send-checks.ts';

export interface SenderOptions {
  readonly userId: number;
  readonly platform: Platform;
  readonly encryption: Encryption;
  readonly write: (fields: RequestFields) => void;
  /** What is written now leaves soon. */
  readonly hasRoom: () => boolean;
}

/** How a message ended; called once. */
interface SentOutcome {
  readonly stored: (sent: SentMessage) => void;
  readonly refused: (error: CimError) => void;
}

export class Sender {
  readonly #options: SenderOptions;
  /** Of all that is sent: messages keep their identity over reconnects. */
  epoch: Uint8Array;
  readonly outgoing: Outgoing;
  /** Protocol version of the server that it is connected to. */
  serverVersion = 0;
  #transientCount = 0;
  /** Transient messages that are being sealed, and the fate of the last of them. */
  #sealingCount = 0;
  #lastSealed: Promise<unknown> = Promise.resolve();
  #onAllAnswered: (() => void) | undefined;

  constructor(options: SenderOptions) {
    const { platform, write } = options;
    this.#options = options;
    this.epoch = platform.random.bytes(8);
    this.outgoing = new Outgoing({
      random: () => platform.random.fraction(),
      date: () => platform.clock.now(),
      prepare: (message) => this.#prepare(message),
      onStale: (group) => options.encryption.groups.changed(group),
      write: ({ to, group, sendSeq, sendable, restart }) =>
        write({
          cmd: command.message,
          ...this.#fieldsOf(sendable),
          ...(group === '' ? { to } : { group }),
          sendSeq,
          ...(restart && { restart }),
        }),
    });
  }

  get epochHex(): string {
    return toHex(this.epoch);
  }

  /** Goes on with identities that were given before this client was there. Nothing was sent yet. */
  begin({ epoch, last }: Numbering): void {
    this.epoch = epoch;
    for (const { sendSeq, ...target } of last) this.outgoing.begin(target, sendSeq);
  }

  /** Both are checked. Rejects as CimClient.send() does. */
  async send(target: Target, draft: Draft): Promise<SentMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<SentMessage>();
    this.#add(target, draft, { stored: resolve, refused: reject });
    return promise;
  }

  /** Of an outbox, which has no more of them than may wait here. */
  sendKept(kept: Kept, outcome: SentOutcome): void {
    this.#add(kept.target, kept.draft, outcome, kept);
  }

  #add(target: Target, draft: Draft, outcome: SentOutcome, given?: Kept): void {
    const { to, group } = { to: 0, group: '', ...target };
    const stored = (sendSeq: number, seq: number, isSealed: boolean) => {
      const id = `${this.#sourceTo(to, group)}.${sendSeq}`;
      outcome.stored({ id, seq, ...(isSealed && { encrypted: true }) });
      this.#answered();
    };
    const refused = (error: CimError) => {
      outcome.refused(error);
      this.#answered();
    };
    this.outgoing.add({ to, group }, draft, { stored, refused }, this.#now(), given);
  }

  /**
   * Written now, or when it is sealed, and forgotten. Undefined: there was no room for it, or it is
   * late by then.
   */
  async sendTransient(
    target: Target,
    draft: Draft,
    isLate = () => false,
  ): Promise<SentMessage | undefined> {
    const { to, group } = { to: 0, group: '', ...checkedTarget(target) };
    const checked = checkedDraft(draft);
    if (!this.#options.hasRoom()) return undefined;
    const sendSeq = ++this.#transientCount;
    const id = transientIdentity(this.#sourceTo(to, group), sendSeq);
    const write = (sendable: Sendable): SentMessage | undefined => {
      if (!this.#options.hasRoom() || isLate()) return undefined;
      this.#options.write({
        cmd: command.message,
        ...this.#fieldsOf(sendable),
        ...(group === '' ? { to } : { group }),
        sendSeq,
        transient: true,
      });
      return { id, seq: 0, transient: true, ...(sendable.sealed && { encrypted: true }) };
    };
    if (this.#isInClear(to, group)) return write(checked);
    if (this.#sealingCount >= limits.clientTransientsHeldMax) return undefined;
    return this.#sealInOrder(this.#seal(to, group, id, checked), write);
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

  #isInClear(to: number, group: string): boolean {
    const { encryption } = this.#options;
    return group === '' ? encryption.isInClear(to) : encryption.groups.isInClear(group);
  }

  #seal(to: number, group: string, identity: string, draft: Draft): Promise<Sendable> {
    const { encryption } = this.#options;
    return group === ''
      ? encryption.seal(to, identity, draft)
      : encryption.groups.seal(group, identity, draft);
  }

  #prepare(message: UnpreparedMessage): Sendable | undefined {
    const { to, group, draft } = message;
    if (this.#isInClear(to, group)) return draft;
    void this.#makeSealed(message);
    return undefined;
  }

  /** Never rejects. */
  async #makeSealed(message: UnpreparedMessage): Promise<void> {
    const { to, group, sendSeq, draft } = message;
    const identity = `${this.#sourceTo(to, group)}.${sendSeq}`;
    try {
      const sendable = await this.#seal(to, group, identity, draft);
      this.outgoing.prepared(message, sendable, this.#now());
    } catch (error) {
      const known =
        error instanceof CimError
          ? error
          : new CimError('internal', describeError(error), { cause: error });
      this.outgoing.unsendable(message, known, this.#now());
    }
  }

  /**
   * Sealing takes turns of the event loop: the next one may be done earlier. `write` is called when
   * those before have been written, so it is a part of what the next one waits for.
   */
  #sealInOrder<Result>(
    sealing: Promise<Sendable>,
    write: (sendable: Sendable) => Result,
  ): Promise<Result> {
    this.#sealingCount += 1;
    const written = Promise.allSettled([this.#lastSealed, sealing])
      .then(() => sealing)
      .then(write)
      .finally(() => {
        this.#sealingCount -= 1;
      });
    this.#lastSealed = written;
    return written;
  }

  /** Of a server that knows no content only the text is asked, which says it plainly. */
  #fieldsOf({ text, sealed, keyEpoch, content, silent }: Sendable): RequestFields {
    return {
      ...(sealed === undefined ? { reqMsg: text } : { sealed }),
      ...(keyEpoch !== undefined && { keyEpoch }),
      ...(this.serverVersion >= contentVersion && {
        ...(content && { content }),
        ...(silent && { silent }),
      }),
    };
  }

  #sourceTo(to: number, group: string): string {
    return sourceOf(this.#options.userId, this.epochHex, to, group);
  }

  #now(): number {
    return this.#options.platform.clock.monotonic();
  }
}
