/**
 * `cim send` sends one text, or each line of its input, to one receiver, and ends when all is
 * stored. It is an ephemeral device that only sends: messages that wait for the user are left to
 * the devices that show them.
 */
import { systemClock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import { exitCodes } from '../../base/exit-codes.ts';
import { ignore } from '../../base/ignore.ts';
import type { Logger } from '../../base/log.ts';
import { safeLine } from '../../base/text/safe-text.ts';
import type { SendSettings } from '../../config/settings.ts';
import type { ClientEvents, SentMessage, Target, User } from '../sdk/index.ts';
import type { Action } from './input/action.ts';
import type { InputSource } from './input/input-source.ts';
import { pipeInput } from './input/pipe-input.ts';
import { Interrupts } from './interrupts.ts';
import { askHiddenLine } from './keyboard/hidden-line.ts';
import { SecretPrompt, secretQuestion } from './keyboard/secret-prompt.ts';
import type { Messenger } from './line-runner.ts';
import type { TerminalHost } from './main.ts';
import { openClient } from './open-client.ts';
import { People } from './people.ts';
import { RecentMessages } from './recent-messages.ts';
import { Output } from './screen/output.ts';
import { runSession } from './session.ts';
import { truncate } from './view/display-width.ts';
import { errorEvent, sentEvent } from './view/json-view.ts';
import { formatRemark } from './view/layout.ts';
import { transferText } from './view/render-data.ts';
import type { InputLine, Outgoing, Transfer, View } from './view/view.ts';

/** `text` undefined: the lines of the input. Resolves to the exit code. */
export async function runSend(
  settings: SendSettings,
  text: string | undefined,
  log: Logger,
  host: TerminalHost,
): Promise<number> {
  const { to, group, file } = settings;
  const target = to !== undefined ? { to } : group !== undefined ? { group } : undefined;
  if (!target) throw new CimError('usage', 'there is nobody to send to');
  const prompt = new SecretPrompt();
  const options = { log, isEphemeral: true, ask: prompt.ask };
  const { client, user } = await openClient(settings, options);
  // Where the keyboard is not for what is to be sent.
  const isGiven = text !== undefined || file !== undefined;
  if (isGiven && host.stdin.isTTY && host.stderr.isTTY)
    prompt.serve((isWrong) => askHiddenLine(secretQuestion(user, isWrong), host));
  if (!isGiven && host.stdin.isTTY)
    host.stderr.write('cim send: sends what you type here, each line as a message; Ctrl-D ends\n');
  return sendAll({ ...settings, client, user, prompt, target, text, host });
}

export interface SendAllOptions {
  readonly client: Messenger;
  readonly target: Target;
  /** Id of the message that is answered. */
  readonly replyTo: string | undefined;
  /** Undefined: the lines of the input. */
  readonly text: string | undefined;
  /** The path of a file that is sent instead. */
  readonly file: string | undefined;
  readonly json: boolean;
  readonly transient: boolean;
  /** An application's, if it lets the client in. */
  readonly token: string | undefined;
  readonly user: User;
  readonly prompt: SecretPrompt;
  readonly host: TerminalHost;
}

/** With a client that is there already. */
export async function sendAll(options: SendAllOptions): Promise<number> {
  const { client, text, file, json, transient, token, user, prompt, host } = options;
  const argument = file ?? text;
  const output = new Output(host.stdout);
  const view = new SendView(host, output, { isJson: json, hasLines: argument === undefined });
  const interrupts = new Interrupts(host);
  let isInterrupted = false;
  void interrupts.next().then(() => {
    isInterrupted = true;
  });
  const code = await runSession({
    client,
    view,
    input: argument === undefined ? pipeInput(host.stdin) : argumentInput(argument),
    interrupts,
    people: new People(),
    recent: new RecentMessages(),
    broken: output.broken,
    clock: systemClock,
    ...user,
    hasToken: token !== undefined,
    asked: prompt.asked,
    parse:
      file === undefined ? (line) => textAction(line, options) : () => fileAction(file, options),
    isTransient: transient,
    patienceMs: 0,
    stays: false,
    isPatient: false,
  });
  interrupts.close();
  if (code === exitCodes.ok && view.answeredCount === 0 && !isInterrupted)
    view.notice('nothing was sent: the input has no text');
  const isComplete = view.refusedCount === 0 && !isInterrupted;
  return code === exitCodes.ok && !isComplete ? exitCodes.failure : code;
}

function textAction(text: string, { target, replyTo }: SendAllOptions): Action {
  if (text.trim() === '') return { kind: 'nothing' };
  const extras = replyTo !== undefined && { extras: { replyTo } };
  return { kind: 'send', target, text, ...extras };
}

function fileAction(path: string, { target, replyTo }: SendAllOptions): Action {
  return { kind: 'file', target, path, ...(replyTo !== undefined && { replyTo }) };
}

function argumentInput(text: string): InputSource {
  async function* line() {
    yield { number: 1, text };
  }
  return { lines: line(), stop: () => {} };
}

/** ECMA-48, EL: the line that the cursor is in. */
const eraseLine = '\x1b[2K';
const defaultColumns = 80;

/** Silent unless something goes wrong, or a script wants to know. */
class SendView implements View {
  readonly #output: Output;
  readonly #diagnostics: Output;
  readonly #columns: number | undefined;
  readonly #isJson: boolean;
  readonly #hasLines: boolean;
  /** What it says is read by somebody, and may be written over. */
  readonly #isWatched: boolean;
  #refusedCount = 0;
  #sentCount = 0;
  /** Number of the first line that never left. */
  #firstUnsent: number | undefined;

  constructor(
    { stderr }: TerminalHost,
    output: Output,
    { isJson, hasLines }: { readonly isJson: boolean; readonly hasLines: boolean },
  ) {
    this.#output = output;
    this.#diagnostics = new Output(stderr);
    this.#columns = stderr.columns;
    this.#isJson = isJson;
    this.#hasLines = hasLines;
    this.#isWatched = stderr.isTTY && !isJson;
  }

  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Lines that something came of. */
  get answeredCount(): number {
    return this.#refusedCount + this.#sentCount;
  }

  ready(): void {}

  offline(reason: string): void {
    this.notice(`connection lost: ${reason}; trying again`);
  }

  waiting({ reason }: ClientEvents['waiting']): void {
    this.notice(`still waiting: ${reason}`);
  }

  keyChanged({ userId }: ClientEvents['keyChanged']): void {
    this.notice(`user ${userId} has another key than before`);
  }

  async result(): Promise<void> {}

  async scheduled(): Promise<void> {}

  async sent({ number }: InputLine, _outgoing: Outgoing, sent: SentMessage): Promise<void> {
    this.#sentCount += 1;
    if (this.#isJson) await this.#output.write(sentEvent(number, sent));
  }

  transferring(_line: InputLine, transfer: Transfer): void {
    this.#showProgress(safeLine(transferText(transfer)));
  }

  transferred(): void {
    this.#showProgress('');
  }

  /** One line, again and again, where somebody looks. */
  #showProgress(text: string): void {
    if (!this.#isWatched) return;
    const shown = truncate(text, (this.#columns ?? defaultColumns) - 1);
    this.#diagnostics
      .write(`\r${eraseLine}${shown}`)
      .catch(ignore('there is nowhere left to say it'));
  }

  async refused({ number }: InputLine, code: string, message: string): Promise<void> {
    this.#refusedCount += 1;
    if (this.#isJson) await this.#output.write(errorEvent(number, code, message));
    else await this.#complain(this.#hasLines ? `line ${number}: ${message}` : message);
  }

  async unsent({ number }: InputLine, _outgoing: Outgoing, reason: string): Promise<void> {
    this.#firstUnsent ??= number;
    if (this.#isJson) await this.#output.write(errorEvent(number, 'unavailable', reason));
  }

  notice(text: string): void {
    this.#complain(text).catch(ignore('there is nowhere left to say it'));
  }

  typing(): void {}

  presence(): void {}

  quitting(): void {}

  leaving(): void {}

  async closed(reason: string, isWanted: boolean): Promise<void> {
    if (!isWanted) await this.#complain(reason);
    // Where nothing was sent at all, the reason has said so; scripts have heard it of each line.
    if (this.#firstUnsent !== undefined && this.answeredCount > 0 && !this.#isJson)
      await this.#complain(`line ${this.#firstUnsent} and what follows it were not sent`);
  }

  #complain(text: string): Promise<void> {
    const cleared = this.#isWatched ? `\r${eraseLine}` : '';
    return this.#diagnostics.write(`${cleared}${formatRemark('cim send', text, this.#columns)}`);
  }
}
