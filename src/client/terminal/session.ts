/**
 * The life of `cim client`: connects, converses, and leaves when it may. Nothing here knows what it looks like (view.ts) or where lines come from
 * (input-source.ts).
 */
import { exitCodes } from '../../base/errors.ts';
import { closeCodes } from '../../codec/close-codes.ts';
import type { ClientEvents, ErrorName } from '../sdk/index.ts';
import { Conversation, type ConversationOptions } from './conversation.ts';
import type { InputSource } from './input-source.ts';
import type { Interrupts } from './interrupts.ts';
import type { Inbox } from './view.ts';

/** How long the cluster may be out of reach, for whoever does not wait for ever. */
const awayMsMax = 10_000;

/** Answers take milliseconds: waiting for longer is worth a word. */
const leavingQuietlyMsMax = 500;

export interface SessionOptions extends ConversationOptions {
  readonly input: InputSource;
  /** Without one nothing is received, and nothing acknowledged. */
  readonly inbox?: Inbox;
  readonly interrupts: Interrupts;
  /** Rejects when nobody reads what is shown. */
  readonly broken: Promise<never>;
  /** Stays when the input has ended. */
  readonly stays: boolean;
  /** Goes on trying when the cluster cannot be reached at the start. */
  readonly isPatient: boolean;
}

/**
 * `left`: as it was asked to. `cut-off`: asked again, before all was stored. `unreachable`: gave up. `closed`: by the cluster, for good.
 * `unread`: nobody reads the output.
 */
type Ending = 'left' | 'cut-off' | 'unreachable' | 'closed' | 'unread';

/** Resolves to the exit code. */
export function runSession(options: SessionOptions): Promise<number> {
  return new Session(options).run();
}

class Session {
  readonly #options: SessionOptions;
  readonly #conversation: Conversation;
  /** `closed`, or `unread`. */
  readonly #over: Promise<Ending>;
  #closing: ClientEvents['closed'] | undefined;
  /** Why the last attempt to log in failed, while none has worked since. */
  #failedAttempt: string | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#conversation = new Conversation(options);
    const closed = new Promise<Ending>((resolve) => {
      options.client.on('closed', (event) => {
        this.#closing = event;
        resolve('closed');
      });
    });
    this.#over = Promise.race([closed, options.broken.catch((): Ending => 'unread')]);
  }

  async run(): Promise<number> {
    const { client, input, view } = this.#options;
    this.#show();
    client.start().catch(() => {}); // `closed` tells
    let ending = await this.#converse();
    input.stop();
    if (ending === 'left') ending = await this.#leave();
    await client.close(ending === 'left' ? {} : { timeoutMs: 0 });
    // Whatever was still under way has been answered or refused by that; it is shown before the last word.
    await Promise.race([this.#conversation.whenAnswered(), this.#options.broken]).catch(() => {});
    await view.closed(this.#reason(ending), ending === 'left').catch(() => {});
    return this.#exitCode(ending);
  }

  #show(): void {
    const { client, view, inbox, people } = this.#options;
    client.on('ready', (event) => {
      this.#failedAttempt = undefined;
      people.learn(event.userId, event.userName);
      view.ready(event);
    });
    if (inbox) {
      client.on('gap', (gap) => inbox.gap(gap));
      client.on('message', (message) => {
        people.learn(message.from, message.fromName);
        return inbox.message(message);
      });
    }
    client.on('offline', ({ reason }) => view.offline(reason));
    client.on('warning', ({ kind, message }) => {
      if (kind !== 'login-failed') view.notice(message);
      // Said once per outage.
      else if (this.#failedAttempt === undefined) {
        view.notice(`cannot log in yet (${message}), trying again`);
      }
      if (kind === 'login-failed') this.#failedAttempt = message;
    });
  }

  /** Until there is a reason to end. */
  async #converse(): Promise<Ending> {
    const { interrupts, isPatient } = this.#options;
    const away = isPatient ? undefined : this.#watchAway({ onlyFirst: true });
    const ending = await Promise.race([
      this.#over,
      this.#holdConversation(),
      interrupts.next().then((): Ending => 'left'),
      ...(away ? [away.tooLong] : []),
    ]);
    away?.stop();
    return ending;
  }

  async #holdConversation(): Promise<Ending> {
    const { input, stays } = this.#options;
    const end = await this.#conversation.hold(input.lines);
    if (end === 'quit') return 'left';
    if (stays) return this.#over;
    // Who only wants to know whether a login works gives no input at all.
    await this.#conversation.whenFirstConnected();
    return 'left';
  }

  /** Waits until all that was sent is stored, as long as there is hope, and nobody is in a hurry. */
  async #leave(): Promise<Ending> {
    const { interrupts, view, clock } = this.#options;
    if (this.#conversation.outstandingCount === 0) return 'left';
    const slow = clock.setTimeout(
      () => view.leaving(this.#conversation.outstandingCount),
      leavingQuietlyMsMax,
    );
    const away = this.#watchAway({ onlyFirst: false });
    const ending = await Promise.race([
      this.#conversation.whenAnswered().then((): Ending => 'left'),
      this.#over,
      interrupts.next().then((): Ending => 'cut-off'),
      away.tooLong,
    ]);
    away.stop();
    slow.cancel();
    return ending;
  }

  /** `tooLong` resolves when there has been no connection for a while; `onlyFirst`: as long as there has never been one. */
  #watchAway({ onlyFirst }: { readonly onlyFirst: boolean }) {
    const { client, clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Ending>();
    const start = () => clock.setTimeout(() => resolve('unreachable'), awayMsMax);
    let timer = client.state === 'ready' ? undefined : start();
    const stopListening = client.on('state', ({ state }) => {
      if (state === 'ready') {
        timer?.cancel();
        timer = undefined;
      } else if (!onlyFirst) {
        timer ??= start();
      }
    });
    const stop = () => {
      timer?.cancel();
      stopListening();
    };
    return { tooLong: promise, stop };
  }

  #reason(ending: Ending): string {
    switch (ending) {
      case 'closed':
        return this.#closing?.reason ?? '';
      case 'unreachable':
        return `cannot be reached: ${this.#failedAttempt ?? 'no connection'}`;
      case 'cut-off':
        return 'left without waiting';
      default:
        return 'left';
    }
  }

  #exitCode(ending: Ending): number {
    if (ending === 'left') return exitCodes.ok;
    if (ending === 'unreachable') return exitCodes.unavailable;
    return ending === 'closed' && this.#closing
      ? exitCodeOfClose(this.#closing)
      : exitCodes.failure;
  }
}

const notAllowed: ReadonlySet<ErrorName> = new Set([
  'not-allowed',
  'account-mismatch',
  'name-taken',
  'id-taken',
]);

/** Close codes all come as one kind of error: their names say more. */
function exitCodeOfClose({ code, error }: ClientEvents['closed']): number {
  const isNotAllowed =
    code in closeCodes ? code === 'not-allowed' : error !== null && notAllowed.has(error.kind);
  return isNotAllowed ? exitCodes.notAllowed : exitCodes.failure;
}
