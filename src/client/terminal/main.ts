/**
 * Puts `cim client` together: which view, which input, and the client between them. session.ts has
 * its life from start to end.
 */
import { systemClock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import { exitCodeOf } from '../../base/exit-codes.ts';
import { ignore } from '../../base/ignore.ts';
import type { Logger } from '../../base/log.ts';
import type { ClientSettings } from '../../config/settings.ts';
import { type CimClient, lobby, type User } from '../sdk/index.ts';
import type { Action } from './input/action.ts';
import { completeLine } from './input/completion.ts';
import { withEmoji } from './input/emoji.ts';
import { parseInput } from './input/input.ts';
import type { InputSource } from './input/input-source.ts';
import { jsonLineBytesMax, parseJsonInput } from './input/json-input.ts';
import { pathsFor } from './input/path-completion.ts';
import { lineBytesMax, pipeInput } from './input/pipe-input.ts';
import { Interrupts } from './interrupts.ts';
import { SecretPrompt, secretQuestion } from './keyboard/secret-prompt.ts';
import type { Messenger } from './line-runner.ts';
import { OnlineCache } from './online-cache.ts';
import { type OpenedClient, openClient } from './open-client.ts';
import { meet, People } from './people.ts';
import { RecentMessages } from './recent-messages.ts';
import { Output } from './screen/output.ts';
import { PlainScreen } from './screen/plain-screen.ts';
import { TerminalScreen } from './screen/terminal-screen.ts';
import { runSession } from './session.ts';
import { personText } from './view/heads.ts';
import { HumanView } from './view/human-view.ts';
import { JsonView } from './view/json-view.ts';
import type { Inbox, View } from './view/view.ts';

/** The part of the process that the client touches. */
export interface TerminalHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  kill(processId: number, signal: NodeJS.Signals): unknown;
}

/** Resolves to the exit code. */
export async function runClient(
  settings: ClientSettings,
  log: Logger,
  host: TerminalHost,
): Promise<number> {
  const prompt = new SecretPrompt();
  let opened: OpenedClient;
  try {
    opened = await openClient(settings, { log, isEphemeral: false, ask: prompt.ask });
  } catch (error) {
    if (!(error instanceof CimError) || !settings.json) throw error;
    await new JsonView(new Output(host.stdout), new Output(host.stderr)).closed(error.message);
    return exitCodeOf(error);
  }
  const { client, user } = opened;
  const interrupts = new Interrupts(host);
  try {
    return await converse({ settings, client, user, prompt, interrupts, host });
  } finally {
    interrupts.close();
  }
}

interface Parts {
  readonly settings: Pick<ClientSettings, 'json' | 'listen' | 'transient' | 'token'>;
  readonly client: Messenger;
  readonly user: User;
  readonly prompt: SecretPrompt;
  readonly interrupts: Interrupts;
  readonly host: TerminalHost;
}

/** With a client that is there already. */
export function converse(parts: Parts): Promise<number> {
  const { settings, client, user, prompt, interrupts, host } = parts;
  const output = new Output(host.stdout);
  const people = new People();
  const recent = new RecentMessages();
  const isPerson = !settings.json && isTerminal(host);
  const { view, input } = isPerson
    ? openTerminal(parts, output, people, recent)
    : openPipe(parts, output, people, recent);
  return runSession({
    client,
    view,
    inbox: view,
    input,
    people,
    recent,
    marksRead: isPerson,
    interrupts,
    broken: output.broken,
    clock: systemClock,
    ...user,
    hasToken: settings.token !== undefined,
    asked: prompt.asked,
    parse: parserOf(parts, isPerson),
    isTransient: settings.transient,
    patienceMs: isPerson ? 2_000 : 10_000,
    stays: settings.listen,
    isPatient: settings.listen || host.stdin.isTTY,
  });
}

/** At a terminal that is talked to as one, the screen knows what was typed and what was pasted. */
function parserOf({ settings, host }: Parts, isPerson: boolean): (text: string) => Action {
  if (settings.json) return parseJsonInput;
  if (isPerson || !host.stdin.isTTY) return parseInput;
  return (text) => parseInput(withEmoji({ text, origin: '' }));
}

/** One that can move its cursor. */
function isTerminal({ stdin, stdout, env }: TerminalHost): boolean {
  return stdin.isTTY && stdout.isTTY && env['TERM'] !== 'dumb';
}

/** Nearly all do; xterm and GNU screen cut rows off. */
function rewraps({ env }: TerminalHost): boolean {
  return env['TMUX'] !== undefined || (env['XTERM_VERSION'] ?? env['STY']) === undefined;
}

interface Face {
  readonly view: View & Inbox;
  readonly input: InputSource;
}

function openPipe(
  { settings, client, user, host }: Parts,
  output: Output,
  people: People,
  recent: RecentMessages,
): Face {
  const input = pipeInput(host.stdin, settings.json ? jsonLineBytesMax : lineBytesMax);
  if (settings.json)
    return { input, view: new JsonView(output, new Output(host.stderr), host.stderr.columns) };
  const screen = new PlainScreen(output);
  const { userId } = user;
  const view = new HumanView({ screen, people, recent, userId, client, clock: systemClock });
  return { input, view };
}

function openTerminal(parts: Parts, output: Output, people: People, recent: RecentMessages): Face {
  const { client, user, prompt, interrupts, host } = parts;
  const online = new OnlineCache({ client, clock: systemClock });
  const screen = new TerminalScreen({
    stdin: host.stdin,
    stdout: host.stdout,
    output,
    job: host,
    clock: systemClock,
    userName: user.userName,
    isColoured: !host.env['NO_COLOR'],
    rewraps: rewraps(host),
    complete: async (line) =>
      completeLine(line, {
        userId: user.userId,
        online: await online.get(),
        groups: client.followedGroups,
        messages: recent.newest(),
        paths: await pathsFor(line),
      }),
    onInterrupt: () => interrupts.raise(),
    onTyped: typingTeller(client, people),
    isForOthers: (text) => ['send', 'schedule', 'reply', 'edit'].includes(parseInput(text).kind),
  });
  const { userId } = user;
  const view = new HumanView({ screen, people, recent, userId, client, clock: systemClock });
  prompt.serve((isWrong) => {
    view.notice(secretQuestion(user, isWrong));
    return screen.readHidden('secret');
  });
  greet(parts, view, people);
  return { view, input: screen };
}

/**
 * Tells one person, whose name is to be shown then, or a named group: everybody online is not to be told
 * of each key.
 */
function typingTeller(
  client: Pick<CimClient, 'typing' | 'users'>,
  people: People,
): (text: string) => void {
  let lastAsked = 0;
  return (text) => {
    const action = parseInput(text);
    if (action.kind !== 'send') return;
    const { target } = action;
    if ('group' in target && target.group === lobby) return;
    if ('to' in target && target.to !== lastAsked) {
      lastAsked = target.to;
      void meet(people, client, [target.to]);
    }
    client.typing(target).catch(ignore('it is told when the text itself is sent'));
  };
}

/** What somebody needs to know who has never been here. */
function greet({ user, client }: Parts, view: View, people: People): void {
  view.notice(
    'text goes to everybody online, userId;;text to one person, #group;;text to a group; :all lists commands, :q leaves',
  );
  const stop = client.on('ready', async () => {
    stop();
    const online = await client.onlineUsers().catch(ignore(':olu asks again'));
    const others = online?.filter(({ userId }) => userId !== user.userId);
    for (const { userId, userName } of others ?? []) people.learn(userId, userName);
    const names = others?.map(({ userId, userName }) => personText(userId, userName));
    if (names) view.notice(`online: ${names.length > 0 ? names.join(', ') : 'nobody else'}`);
    const groups = client.followedGroups.map((group) => `#${group}`);
    if (groups.length > 0) view.notice(`you are in ${groups.join(', ')}`);
  });
}
