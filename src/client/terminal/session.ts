/**
 * The life of `cim client`: it connects, converses, and leaves when it may. view.ts says how it
 * looks, input-source.ts where its lines come from.
 */
import { exitCodes } from '../../base/exit-codes.ts';
import { ignore } from '../../base/ignore.ts';
import type { ClientEvents, Message } from '../sdk/index.ts';
import { closingReason, exitCodeOfClosing } from './closing.ts';
import { InputFailure, type InputSource } from './input/input-source.ts';
import type { Interrupts } from './interrupts.ts';
import { LineRunner, type LineRunnerOptions } from './line-runner.ts';
import type { Inbox } from './view/view.ts';

/** How long the first login may take, for whoever does not wait for ever. */
const firstLoginMsMax = 10_000;

/**
 * How long to wait for the next answer when there is nothing else left to do. A failover of the
 * store takes less.
 */
const answerMsMax = 30_000;

/** Answers take milliseconds: waiting for longer is worth a word. */
const leavingQuietlyMsMax = 500;

/** How long the last outcomes may take to be known when nothing can change them any more. */
const outcomesMsMax = 1_000;

export interface SessionOptions extends LineRunnerOptions {
  readonly input: InputSource;
  /** Without one nothing is received, and nothing acknowledged. */
  readonly inbox?: Inbox;
  /** A person looks at what is shown, and so has read it. */
  readonly marksRead?: boolean;
  readonly interrupts: Interrupts;
  /** Rejects when nobody reads what is shown. */
  readonly broken: Promise<never>;
  /** Stays when the input has ended. */
  readonly stays: boolean;
  /** Goes on trying when the cluster cannot be reached at the start. */
  readonly isPatient: boolean;
  /** Resolves when a person is asked for something that the login needs: they may take their time. */
  readonly asked?: Promise<void>;
  /** An application's token lets the client in, not a secret. */
  readonly hasToken: boolean;
}

/**
 * `left`: as it was asked to. `cut-off`: asked again, before all was stored. `unreachable`,
 * `unanswered`: gave up. `closed`: by the cluster, for good. `unread`: nobody reads the output.
 */
type Ending = 'left' | 'cut-off' | 'unreachable' | 'unanswered' | 'closed' | 'unread';

/** Resolves to the exit code. */
export function runSession(options: SessionOptions): Promise<number> {
  return new Session(options).run();
}

class Session {
  readonly #options: SessionOptions;
  readonly #lines: LineRunner;
  /** `closed`, or `unread`. */
  readonly #over: Promise<Ending>;
  #closing: ClientEvents['closed'] | undefined;
  /** Why the input ended before its end. */
  #inputFailure: string | undefined;
  /** If the first login does not work in time. */
  #givesUp = false;
  /** Why the last attempt to log in failed, while none has worked since. */
  #failedAttempt: string | undefined;
  /** A route has answered it. */
  #hasRoute = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#lines = new LineRunner(options);
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
    client.start().catch(ignore('`closed` tells'));
    let ending = await this.#converse();
    input.stop();
    if (ending === 'left') ending = await this.#leave();
    await client.close(ending === 'left' ? {} : { timeoutMs: 0 });
    const reason = this.#reason(ending);
    this.#lines.end(reason);
    const isDeleted = await this.#showOutcomes();
    const isWanted = isDeleted || (ending === 'left' && this.#inputFailure === undefined);
    await view
      .closed(reason, isWanted)
      .catch(ignore('the output is broken: the session ends by that'));
    return isDeleted ? exitCodes.ok : this.#exitCode(ending);
  }

  /**
   * Whatever was still under way has been answered or refused by the end of the client, but for a
   * route that is asked and does not answer; it is shown before the last word. Whether the account is
   * deleted, as a line has asked.
   */
  async #showOutcomes(): Promise<boolean> {
    const { clock, broken } = this.#options;
    const overdue = Promise.withResolvers<void>();
    const timer = clock.setTimeout(overdue.resolve, outcomesMsMax);
    const shown = this.#lines.whenAnswered().then(() => this.#lines.whenDeleted());
    const isDeleted = await Promise.race([shown, overdue.promise, broken]).catch(
      ignore('the output is broken: the session ends by that'),
    );
    timer.cancel();
    return isDeleted === true;
  }

  #show(): void {
    const { client, view, inbox, people, recent, marksRead } = this.#options;
    client.on('ready', (event) => {
      this.#failedAttempt = undefined;
      people.learn(event.userId, event.userName);
      view.ready(event);
    });
    if (inbox) {
      client.on('gap', (gap) => inbox.gap(gap));
      client.on('unreadable', (message) => inbox.unreadable(message));
      client.on('joined', (event) => inbox.joined(event));
      client.on('left', (event) => inbox.left(event));
      client.on('groupChanged', (facts) => inbox.groupChanged(facts));
      client.on('invited', (invitation) => inbox.invited(invitation));
      client.on('groupNews', (news) => inbox.groupNews(news));
      client.on('groupMembers', (members) => inbox.groupMembers(members));
      client.on('message', (message) => {
        people.learn(message.from, message.fromName);
        if (!message.transient && !message.retracted) recent.add(message);
        const shown = inbox.message(message);
        return marksRead ? shown.then(() => this.#markRead(message)) : shown;
      });
      // Each shows how the message was before.
      client.on('edited', (event) => {
        const shown = inbox.edited(event);
        recent.edited(event.id, event.text);
        return shown;
      });
      client.on('retracted', (event) => {
        const shown = inbox.retracted(event);
        recent.retracted(event.id);
        return shown;
      });
      client.on('reactions', (event) => inbox.reactions(event));
      client.on('delivered', (mark) => inbox.marked('delivered', mark));
      client.on('read', (mark) => inbox.marked('read', mark));
    }
    if (inbox) client.on('typing', (event) => view.typing(event));
    client.on('presence', (event) => view.presence(event));
    client.on('keyChanged', (change) => view.keyChanged(change));
    client.on('waiting', (event) => view.waiting(event));
    client.on('offline', ({ reason }) => view.offline(reason));
    client.on('warning', ({ kind, message }) => {
      if (kind !== 'login-failed' && kind !== 'no-route') return view.notice(message);
      // Said once per outage.
      if (this.#failedAttempt === undefined) view.notice(this.#patienceText(message));
      this.#failedAttempt = message;
      this.#hasRoute = kind !== 'no-route';
    });
  }

  #markRead(message: Message): void {
    const { client, userId } = this.#options;
    if (message.from !== userId && !message.transient) client.markRead(message);
  }

  /** Who gives up says why at the end. */
  #patienceText(reason: string): string {
    return this.#givesUp
      ? `cannot log in yet, trying for ${firstLoginMsMax / 1000} s`
      : `cannot log in yet (${reason}), trying again`;
  }

  /** Until there is a reason to end. */
  async #converse(): Promise<Ending> {
    const { interrupts, isPatient, asked, clock } = this.#options;
    const gaveUp = Promise.withResolvers<Ending>();
    this.#givesUp = !isPatient;
    const timer = isPatient
      ? undefined
      : clock.setTimeout(() => gaveUp.resolve('unreachable'), firstLoginMsMax);
    const stay = () => {
      this.#givesUp = false;
      timer?.cancel();
    };
    void this.#lines.whenFirstConnected().then(stay);
    void asked?.then(stay);
    const ending = await Promise.race([
      this.#over,
      this.#holdConversation(),
      interrupts.next().then((): Ending => 'left'),
      gaveUp.promise,
    ]);
    timer?.cancel();
    return ending;
  }

  async #holdConversation(): Promise<Ending> {
    const { input, stays } = this.#options;
    const end = await this.#lines.run(input.lines).catch((error: unknown) => {
      if (!(error instanceof InputFailure)) throw error;
      this.#inputFailure = error.message;
    });
    if (end === undefined) return 'left';
    if (end === 'quit') return 'left';
    if (stays) return this.#over;
    // Who only wants to know whether a login works gives no input at all.
    await this.#lines.whenFirstConnected();
    return 'left';
  }

  /**
   * Waits until all that was sent is stored, as long as there is hope, and nobody is in a hurry.
   */
  async #leave(): Promise<Ending> {
    const { interrupts, view, clock } = this.#options;
    const hurried = interrupts.next().then((): Ending => 'cut-off');
    const slow = clock.setTimeout(
      () => view.leaving(this.#lines.outstandingCount),
      leavingQuietlyMsMax,
    );
    let ending: Ending | 'answered' = 'answered';
    while (ending === 'answered' && this.#lines.outstandingCount > 0) {
      const gaveUp = Promise.withResolvers<Ending>();
      const timer = clock.setTimeout(() => gaveUp.resolve('unanswered'), answerMsMax);
      const answered = this.#lines.whenNextAnswered().then(() => 'answered' as const);
      ending = await Promise.race([this.#over, answered, hurried, gaveUp.promise]);
      timer.cancel();
    }
    slow.cancel();
    return ending === 'answered' ? 'left' : ending;
  }

  #reason(ending: Ending): string {
    const { userId, userName, hasToken } = this.#options;
    switch (ending) {
      case 'closed':
        return this.#closing ? closingReason(this.#closing, { userId, userName }, hasToken) : '';
      case 'unreachable':
        return `could not log in: ${this.#failedAttempt ?? 'no answer'}${this.#hasRoute ? '' : ' (cim dev starts a system here, --route names one)'}`;
      case 'unanswered':
        return `no answer for ${answerMsMax / 1000} s${this.#failedAttempt === undefined ? '' : `: ${this.#failedAttempt}`}`;
      case 'cut-off':
        // Who would have given up later has not heard the reason yet.
        return this.#givesUp && this.#failedAttempt !== undefined
          ? `left without waiting; could not log in: ${this.#failedAttempt}`
          : 'left without waiting';
      default:
        return this.#inputFailure ?? 'left';
    }
  }

  #exitCode(ending: Ending): number {
    if (ending === 'left')
      return this.#inputFailure === undefined ? exitCodes.ok : exitCodes.failure;
    if (ending === 'unreachable' || ending === 'unanswered') return exitCodes.unavailable;
    return ending === 'closed' && this.#closing
      ? exitCodeOfClosing(this.#closing)
      : exitCodes.failure;
  }
}
