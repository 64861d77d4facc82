/**
 * Does what the lines ask for, in their order. A text is sent while those before it are still under
 * way, within a bound. A question to the cluster waits until everything before it is stored, and
 * the lines after it wait for its answer.
 */
import { hideDrawnSecrets } from '../../auth/account-secret.ts';
import type { Clock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import { ignore } from '../../base/ignore.ts';
import { fileText } from '../../codec/content-words.ts';
import {
  type CimClient,
  conversationOf,
  type MessageExtras,
  type SentFile,
  type SentMessage,
  type Target,
} from '../sdk/index.ts';
import { Answers, type Oracle } from './answers.ts';
import { type Asked, helpfulMessage } from './helpful-message.ts';
import type { Action, MessageAction, Query } from './input/action.ts';
import type { ReadLine } from './input/line-splitter.ts';
import { type LocalFile, openLocalFile } from './local-file.ts';
import { Outstanding } from './outstanding.ts';
import type { People } from './people.ts';
import { isShortName, type RecentMessage, type RecentMessages } from './recent-messages.ts';
import { Transfers } from './transfers.ts';
import type { InputLine, Outgoing, View } from './view/view.ts';

/** What the terminal needs of a CimClient. */
export type Messenger = Oracle &
  Pick<
    CimClient,
    | 'start'
    | 'send'
    | 'sendTransient'
    | 'sendFile'
    | 'openFile'
    | 'typing'
    | 'edit'
    | 'retract'
    | 'react'
    | 'markRead'
    | 'schedule'
    | 'close'
    | 'followedGroups'
  >;

/** Enough to keep the connection busy; the SDK holds each text until it is answered. */
const outstandingMax = { countMax: 1_000, bytesMax: 8 * 1024 * 1024 };

export interface LineRunnerOptions {
  readonly client: Messenger;
  readonly view: View;
  readonly people: People;
  readonly recent: RecentMessages;
  readonly clock: Clock;
  readonly userId: number;
  readonly userName: string;
  /** What a line asks for. */
  readonly parse: (text: string) => Action;
  /** Texts are for whoever is connected, and not stored. */
  readonly isTransient: boolean;
  /** How long a question waits for the connection, and for what was sent before it. */
  readonly patienceMs: number;
}

export class LineRunner {
  readonly #options: LineRunnerOptions;
  readonly #outstanding = new Outstanding(outstandingMax);
  /** Files that are sent or saved: they may take long, and no question waits for them. */
  readonly #files = new Outstanding(outstandingMax);
  readonly #answers: Answers;
  readonly #transfers: Transfers;
  readonly #connected = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #endReason = Promise.withResolvers<string>();
  #isOver = false;
  #deleting: Promise<boolean> = Promise.resolve(false);

  constructor(options: LineRunnerOptions) {
    this.#options = options;
    this.#answers = new Answers({ ...options, notice: (text) => options.view.notice(text) });
    this.#transfers = new Transfers(options);
    options.client.on('ready', () => this.#connected.resolve());
    options.client.on('closed', () => this.#ended.resolve());
  }

  /**
   * The client is closed, for this reason: the texts that it had not sent are told, and no further
   * line is taken.
   */
  end(reason: string): void {
    this.#isOver = true;
    this.#endReason.resolve(reason);
  }

  /** Texts and files that are not answered yet. */
  get outstandingCount(): number {
    return this.#outstanding.count + this.#files.count;
  }

  async whenAnswered(): Promise<void> {
    await Promise.all([this.#outstanding.whenNone(), this.#files.whenNone()]);
  }

  /** Or some more of a file has gone or come. */
  whenNextAnswered(): Promise<void> {
    return Promise.race([
      this.#outstanding.whenFewer(),
      this.#files.whenFewer(),
      this.#transfers.whenMoved(),
    ]);
  }

  /** A line has asked to delete the account: resolves with whether it is, once that was shown. */
  whenDeleted(): Promise<boolean> {
    return this.#deleting;
  }

  whenFirstConnected(): Promise<unknown> {
    return this.#connected.promise;
  }

  /** Resolves when the input has ended, or a line said so. */
  async run(lines: AsyncIterable<ReadLine>): Promise<'end-of-input' | 'quit'> {
    for await (const line of lines) {
      if (this.#isOver) break;
      const action = line.refusal ?? this.#options.parse(line.text);
      if (action.kind === 'quit') {
        this.#options.view.quitting(line);
        return 'quit';
      }
      await this.#perform(line, action);
    }
    return 'end-of-input';
  }

  async #perform(line: InputLine, action: Exclude<Action, { kind: 'quit' }>): Promise<void> {
    const { client, view } = this.#options;
    switch (action.kind) {
      case 'nothing':
        return;
      case 'refusal':
        return view.refused(line, action.code, action.message);
      case 'send':
        return this.#beginSending(line, action, () => this.#send(action, action.extras));
      case 'reply':
      case 'edit':
      case 'retract':
      case 'react':
        return this.#beginOn(line, action);
      case 'file':
        return this.#beginFile(line, action);
      case 'open':
        return this.#beginOpening(line, action);
      case 'read':
        return this.#tell(line, async () => this.#markRead(line, action.message), action);
      case 'schedule':
        if (holdsSecret(action)) return this.#refuseSecret(line);
        return this.#begin(line, action, async () => {
          const { delaySeconds } = action;
          const { id } = await client.schedule(action.target, action.text, delaySeconds);
          return () => view.scheduled(line, action, delaySeconds, id);
        });
      default:
        return this.#answer(line, action);
    }
  }

  /** What is said of a message, or done to it. */
  async #beginOn(line: InputLine, action: MessageAction): Promise<void> {
    const { client, view, recent, userId } = this.#options;
    const isOwn = action.kind === 'edit' || action.kind === 'retract';
    let outgoing: Outgoing;
    // What the line before has sent may be what is meant.
    if (isShortName(action.message)) await this.#settle();
    try {
      // One's own in no other conversation, whatever became of what was written there.
      const isMeant = (message: RecentMessage) =>
        isOwn ? message.from === userId && recent.isWhereWritten(message) : message.from !== userId;
      const id = recent.idOf(action.message, isMeant);
      const text = textOf(action);
      outgoing = { target: conversationOf(id, userId), text, about: { kind: action.kind, id } };
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      return view.refused(line, error.kind, error.message);
    }
    const { id = '' } = outgoing.about ?? {};
    return this.#beginSending(line, outgoing, async () => {
      switch (action.kind) {
        case 'reply':
          return this.#send(outgoing, { replyTo: id });
        case 'edit':
          return this.#unlessClosed(client.edit(id, action.text));
        case 'retract':
          return this.#unlessClosed(client.retract(id));
        case 'react':
          return this.#unlessClosed(client.react(id, action.emoji));
      }
    });
  }

  async #beginFile(
    line: InputLine,
    { target, path, replyTo }: Extract<Action, { kind: 'file' }>,
  ): Promise<void> {
    let outgoing: Outgoing;
    let file: LocalFile;
    try {
      file = await openLocalFile(path);
      outgoing = { target, text: fileText({ name: file.facts.name, bytes: file.blob.size }) };
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      return this.#options.view.refused(line, error.kind, error.message);
    }
    const send = () => this.#unlessClosed(this.#transfers.send(line, target, file, replyTo));
    return this.#beginSending(line, outgoing, send, this.#files);
  }

  /** The lines after it go on meanwhile: it may take long. */
  async #beginOpening(line: InputLine, action: Extract<Action, { kind: 'open' }>): Promise<void> {
    const { recent, view } = this.#options;
    // It may be a file that is being sent.
    if (isShortName(action.message)) await this.#settle(this.#files);
    const task = this.#tell(
      line,
      async () => {
        const id = recent.idOf(action.message, ({ file }) => file !== undefined);
        const result = await this.#transfers.save(line, id, action.path);
        return () => view.result(line, result);
      },
      action,
    );
    this.#files.add(0, task);
    task.catch(ignore('the output is broken: the session ends by that'));
  }

  async #markRead(line: InputLine, named: string): Promise<() => Promise<void>> {
    const { client, recent, userId, view } = this.#options;
    const id = recent.idOf(named, ({ from }) => from !== userId);
    client.markRead(id);
    return () => view.result(line, { kind: 'read', id });
  }

  /** `send` resolves to undefined if the client was closed before. */
  async #beginSending(
    line: InputLine,
    outgoing: Outgoing,
    send: () => Promise<SentMessage | undefined>,
    among = this.#outstanding,
  ): Promise<void> {
    const { view, recent } = this.#options;
    if (holdsSecret(outgoing)) return this.#refuseSecret(line);
    if (!outgoing.about || outgoing.about.kind === 'reply') recent.wrote(outgoing.target);
    const request = async () => {
      const sent = await send();
      if (sent) {
        return () => {
          const shown = view.sent(line, outgoing, sent);
          this.#remember(outgoing, sent);
          return shown;
        };
      }
      const reason = await this.#endReason.promise;
      return () => view.unsent(line, outgoing, reason);
    };
    return this.#begin(line, outgoing, request, among);
  }

  #remember({ target, text, about }: Outgoing, sent: SentMessage & Partial<SentFile>): void {
    const { id, seq, transient, file } = sent;
    const { recent, userId: from, userName: fromName, clock } = this.#options;
    if (about?.kind === 'edit') recent.edited(about.id, text);
    else if (about?.kind === 'retract') recent.retracted(about.id);
    else if (about?.kind !== 'react' && !transient) {
      const brought = file && { file };
      recent.add({ id, from, fromName, ...target, seq, text, at: clock.now(), ...brought });
    }
  }

  /** Nor is it shown once more. */
  #refuseSecret({ number, text }: InputLine): Promise<void> {
    return this.#options.view.refused(
      { number, text: hideDrawnSecrets(text) },
      'invalid-argument',
      'not sent: it holds the secret of an account, and whoever reads that can be its user',
    );
  }

  /** Undefined: the client was closed before it could be sent. */
  async #send(
    { target, text }: Pick<Outgoing, 'target' | 'text'>,
    extras?: MessageExtras,
  ): Promise<SentMessage | undefined> {
    const { client, isTransient } = this.#options;
    if (isTransient) return this.#sendTransient(target, text, extras);
    return this.#unlessClosed(client.send(target, text, extras));
  }

  async #unlessClosed(sending: Promise<SentMessage>): Promise<SentMessage | undefined> {
    try {
      return await sending;
    } catch (error) {
      if (error instanceof CimError && error.kind === 'unavailable') return undefined;
      throw error;
    }
  }

  async #sendTransient(
    target: Target,
    text: string,
    extras?: MessageExtras,
  ): Promise<SentMessage | undefined> {
    const { client } = this.#options;
    await Promise.race([this.#connected.promise, this.#ended.promise]);
    const sent = await client.sendTransient(target, text, extras);
    if (!sent && client.state !== 'closed')
      throw new CimError('unavailable', 'not sent: it could not leave at once');
    return sent;
  }

  /** Does not wait for the answer, unless too many are awaited. */
  async #begin(
    line: InputLine,
    outgoing: Outgoing,
    request: () => Promise<() => Promise<void>>,
    among = this.#outstanding,
  ): Promise<void> {
    const task = this.#tell(line, request, outgoing.target, outgoing);
    among.add(Buffer.byteLength(outgoing.text), task);
    task.catch(ignore('the output is broken: the session ends by that'));
    await among.whenRoom();
  }

  async #answer(line: InputLine, query: Query): Promise<void> {
    if (query.kind !== 'help' && query.kind !== 'emoji') await this.#settle();
    let isDeleted = false;
    const answer = async () => {
      const result = await this.#answers.to(query);
      isDeleted = result.kind === 'deleted';
      return () => this.#options.view.result(line, result);
    };
    const told = this.#tell(line, answer, query);
    // The connection ends before the answer comes.
    if (query.kind === 'delete-account')
      this.#deleting = told.then(
        () => isDeleted,
        () => isDeleted,
      );
    await told;
    if (isDeleted) this.#isOver = true;
  }

  /** Makes the request, and shows what came of it. Rejects only if that could not be shown. */
  async #tell(
    line: InputLine,
    request: () => Promise<() => Promise<void>>,
    asked: Asked,
    outgoing?: Outgoing,
  ): Promise<void> {
    const { view } = this.#options;
    let show: () => Promise<void>;
    try {
      show = await request();
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      const message = helpfulMessage(error, asked);
      show = () => view.refused(line, error.kind, message, outgoing);
    }
    await show();
  }

  /**
   * Until we are connected and all before is stored; or for as long as it makes sense to wait. `files`:
   * those, too.
   */
  async #settle(files?: Outstanding): Promise<void> {
    const { clock, patienceMs } = this.#options;
    const overdue = Promise.withResolvers<void>();
    const timer = clock.setTimeout(overdue.resolve, patienceMs);
    const settled = this.#connected.promise
      .then(() => this.#outstanding.whenNone())
      .then(() => files?.whenNone());
    await Promise.race([settled, overdue.promise]);
    timer.cancel();
  }
}

/** Pasted where it does not belong, or sent with the output of a command. */
function holdsSecret({ text }: Outgoing): boolean {
  return hideDrawnSecrets(text) !== text;
}

/** As it is shown. */
function textOf(action: MessageAction): string {
  if (action.kind === 'react') return action.emoji.join(' ');
  return action.kind === 'retract' ? '' : action.text;
}
