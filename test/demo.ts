/**
 * `make demo`: the packaged executable runs a whole system, three people chat on it, then two at
 * terminals of their own and a program, and everything they do is checked. On a terminal the system
 * then stays up and says how to join. Exits with 0, or with 1 and the step that failed.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import { ignore } from '../src/base/ignore.ts';

const executable = join(process.cwd(), 'bin', 'cim');
const folder = mkdtempSync(join(tmpdir(), 'cim-demo-'));
const terminal = process.stdout.isTTY === true;
const stepMsMax = 20_000;
const children = new Set<Program>();

type Style = 'bold' | 'dim' | 'green' | 'red' | 'cyan' | 'yellow' | 'magenta';
const styles: Record<Style, number> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  magenta: 35,
  cyan: 36,
};

function styled(style: Style, text: string): string {
  return terminal && !process.env['NO_COLOR'] ? `\x1b[${styles[style]}m${text}\x1b[0m` : text;
}

function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** One process of the executable. */
class Program {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  stdout = '';
  stderr = '';
  exitCode: number | undefined;

  constructor(args: readonly string[], command = executable) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.child.stdin.on('error', ignore('it may have ended: exit tells'));
    this.child.on('exit', (code) => {
      this.exitCode = code ?? 1;
      children.delete(this);
    });
    children.add(this);
  }

  /** Polls until `look` finds something. */
  async until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    const deadline = performance.now() + stepMsMax;
    for (;;) {
      const found = look();
      if (found) return found;
      if (this.exitCode !== undefined)
        throw new Error(`${what}: the process ended with ${this.exitCode}\n${this.stderr}`);
      if (performance.now() > deadline)
        throw new Error(
          `${what}: not within ${stepMsMax / 1000} s\n${this.stdout}\n${this.stderr}`,
        );
      await delay(5);
    }
  }

  async end(): Promise<void> {
    if (this.exitCode !== undefined) return;
    this.child.kill('SIGTERM');
    await this.until('stopping', () => this.exitCode !== undefined).catch(() =>
      this.child.kill('SIGKILL'),
    );
  }
}

interface Event {
  readonly event: string;
  readonly id?: string;
  readonly text?: string;
  readonly fromName?: string;
  readonly group?: string;
  readonly replyTo?: string;
  readonly emoji?: readonly string[];
  readonly upTo?: string;
  readonly file?: { readonly name: string; readonly bytes: number; readonly type: string };
  readonly data?: readonly { userName?: string; text?: string; fromName?: string }[];
}

/** Somebody at a client, whose half of the conversation is shown. */
class Person {
  readonly name: string;
  readonly userId: number;
  readonly #style: Style;
  readonly #route: string;
  #program: Program | undefined;
  #answered = 0;
  #sent = 0;

  constructor(userId: number, name: string, style: Style, route: string) {
    this.userId = userId;
    this.name = name;
    this.#style = style;
    this.#route = route;
  }

  async arrive(): Promise<void> {
    const identity = ['--user-id', String(this.userId), '--name', this.name];
    const state = ['--state', join(folder, this.name)];
    this.#program = new Program([
      'client',
      ...identity,
      ...state,
      '--route',
      this.#route,
      '--json',
      '--listen',
    ]);
    this.#answered = 0;
    this.#sent = 0;
    await this.#when('logs in', ({ event }) => event === 'ready');
    this.#show(styled('dim', 'is online'));
  }

  async leave(): Promise<void> {
    this.#type(':q');
    await this.#running.until(`${this.name} leaves`, () => this.#program?.exitCode !== undefined);
    this.#show(styled('dim', 'has left'));
  }

  /** Types a line and waits for its tick. */
  async say(line: string): Promise<void> {
    this.#type(line);
    this.#sent += 1;
    const sent = this.#sent;
    await this.#running.until(
      `${this.name}: ${line} is stored`,
      () => this.#events('sent').length >= sent,
    );
    this.#show(`${line} ${styled('green', '✓')}`);
  }

  async reads(text: string): Promise<void> {
    const { fromName, group } = await this.#when(
      `reads ${text}`,
      (event) => event.event === 'message' && event.text === text,
    );
    this.#show(`${styled('dim', `${fromName}${group ? ` (${group})` : ''} >`)} ${text}`);
  }

  /** Everything shown since the last arrival, in order. */
  get texts(): (string | undefined)[] {
    return this.#events('message').map(({ text }) => text);
  }

  async asks(command: string): Promise<NonNullable<Event['data']>> {
    this.#type(command);
    this.#answered += 1;
    const answered = this.#answered;
    const result = await this.#running.until(
      `${this.name}: ${command}`,
      () => this.#events('result')[answered - 1],
    );
    this.#show(command);
    return result.data ?? [];
  }

  /** Types an object, or a command that has no answer of its own, and goes on. */
  types(line: string | object): void {
    const typed = typeof line === 'string' ? line : JSON.stringify(line);
    this.#type(typed);
    this.#show(typed);
  }

  /** Waits for an event that has all of this. */
  async hears(expected: Event): Promise<Event> {
    const wanted = Object.entries(expected).map(([key, value]) => [key, JSON.stringify(value)]);
    const heard = await this.#when(`hears ${JSON.stringify(expected)}`, (event) =>
      wanted.every(([key = '', value]) => JSON.stringify(event[key as keyof Event]) === value),
    );
    this.#show(styled('dim', JSON.stringify(expected)));
    return heard;
  }

  get #running(): Program {
    if (!this.#program) throw new Error(`${this.name} is not there`);
    return this.#program;
  }

  #type(line: string): void {
    this.#running.child.stdin.write(`${line}\n`);
  }

  #events(kind: string): Event[] {
    const { stdout } = this.#running;
    const lines = stdout.slice(0, stdout.lastIndexOf('\n') + 1).split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Event)
      .filter(({ event }) => kind === '' || event === kind);
  }

  #when(what: string, matches: (event: Event) => boolean): Promise<Event> {
    return this.#running.until(`${this.name} ${what}`, () => this.#events('').find(matches));
  }

  #show(what: string): void {
    print(`  ${styled(this.#style, this.name.padStart(4))} │ ${what}`);
  }
}

/** Somebody at a terminal: what they type goes through its line editor, what they see is drawn. */
class TerminalPerson {
  readonly name: string;
  readonly #style: Style;
  readonly #program: Program;
  #seen = 0;

  constructor(userId: number, name: string, style: Style, route: string) {
    this.name = name;
    this.#style = style;
    const state = join(folder, name);
    const client = `"${executable}" client --user-id ${userId} --name ${name} --route ${route} --state "${state}"`;
    // `script` is what gives it a terminal.
    const sized = `stty rows 24 columns 100; exec ${client}`;
    this.#program = new Program(['--quiet', '--command', sized, '/dev/null'], 'script');
  }

  types(line: string): void {
    this.#program.child.stdin.write(`${line}\r`);
  }

  /** Waits until a line with this is drawn, behind those that were waited for before. */
  async sees(text: string): Promise<void> {
    const line = await this.#program.until(`${this.name} sees ${text}`, () => {
      const drawn = stripVTControlCharacters(this.#program.stdout);
      const at = drawn.indexOf(text, this.#seen);
      if (at < 0) return undefined;
      this.#seen = at + text.length;
      const start = Math.max(drawn.lastIndexOf('\n', at), drawn.lastIndexOf('\r', at)) + 1;
      return /^[^\r\n]*/.exec(drawn.slice(start))?.[0];
    });
    this.#show(line.trimEnd());
  }

  async leaves(): Promise<void> {
    this.types(':q');
    await this.#program.until(`${this.name} leaves`, () => this.#program.exitCode !== undefined);
    this.#show(styled('dim', 'has left'));
  }

  #show(what: string): void {
    print(`  ${styled(this.#style, this.name.padStart(4))} │ ${what}`);
  }
}

function check(what: string, got: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(got), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: expected ${right}, got ${left}`);
}

async function chat(route: string): Promise<void> {
  const amy = new Person(1, 'amy', 'cyan', route);
  const bob = new Person(2, 'bob', 'yellow', route);
  const cat = new Person(3, 'cat', 'magenta', route);

  await step('Three people log in', async () => {
    for (const person of [amy, bob, cat]) await person.arrive();
  });
  await step('Group chat: a line goes to everybody', async () => {
    await amy.say('good morning everybody');
    await Promise.all([bob.reads('good morning everybody'), cat.reads('good morning everybody')]);
    await bob.say('morning!');
    await Promise.all([amy.reads('morning!'), cat.reads('morning!')]);
  });
  await step('Private chat: userId;;text goes to one', async () => {
    await bob.say('1;;lunch at twelve?');
    await amy.reads('lunch at twelve?');
    await amy.say('2;;gladly; the usual place;;?');
    await bob.reads('gladly; the usual place;;?');
    check('what cat has seen', cat.texts, ['good morning everybody', 'morning!']);
  });
  await step('Offline: cat leaves, and finds what was said when she is back', async () => {
    await cat.leave();
    for (const text of ['cat, the parcel is here', 'it is heavy', 'I put it on your desk'])
      await amy.say(`3;;${text}`);
    await cat.arrive();
    for (const text of ['cat, the parcel is here', 'it is heavy', 'I put it on your desk'])
      await cat.reads(text);
    check('what cat has seen, in order and once', cat.texts, [
      'cat, the parcel is here',
      'it is heavy',
      'I put it on your desk',
    ]);
  });
  await step(
    'A named group: #group;;text goes to its members, also to those who are away',
    async () => {
      await amy.asks(':create builds');
      await bob.asks(':join builds');
      await amy.say('#builds;;the build is red');
      await bob.reads('the build is red');
      await bob.leave();
      await amy.say('#builds;;fixed, it is green');
      await bob.arrive();
      await bob.reads('fixed, it is green');
      check('what bob has seen', bob.texts, ['fixed, it is green']);
      const members = (await amy.asks(':members builds')).map(({ userName }) => userName);
      check('members', members, ['amy', 'bob']);
      print(`       │ ${members.join(', ')}`);
    },
  );
  const sendPicture = async (name: string, receiver: { to: number } | { group: string }) => {
    const picture = join(folder, name);
    const saved = join(folder, `saved ${name}`);
    writeFileSync(picture, pictureOf(1_600, 2_000));
    amy.types({ ...receiver, file: picture });
    const { file } = await bob.hears({ event: 'message', text: `[${name}, 9.6 MB]` });
    check('what bob is told', [file?.name, file?.type], [name, 'image/png']);
    await bob.asks(`:open ^ ${saved}`);
    const [sent, got] = [picture, saved].map(hashOfFile);
    check('the hash of what bob has', got, sent);
    print(`       │ ${sent}  what amy has sent`);
    print(`       │ ${got}  what bob has saved`);
  };
  await step('A picture in private: encrypted on its way, and the same in the end', () =>
    sendPicture('picture.png', { to: bob.userId }),
  );
  await step('And in a group that only its members can read', async () => {
    await amy.asks(':create family --e2ee');
    await bob.asks(':join family');
    await sendPicture('cake.png', { group: 'family' });
  });
  await step('Who is online', async () => {
    const users = await amy.asks(':olu');
    check(
      'users',
      users.map(({ userName }) => userName),
      ['amy', 'bob', 'cat'],
    );
    print(`       │ ${users.map(({ userName }) => userName).join(', ')}`);
  });
  await step('Search in the history', async () => {
    const found = await bob.asks(':q lunch');
    check(
      'matches',
      found.map(({ text }) => text),
      ['lunch at twelve?'],
    );
    for (const { fromName, text } of found) print(`       │ ${fromName}: ${text}`);
  });
  await step('Everybody leaves', async () => {
    for (const person of [amy, bob, cat]) await person.leave();
  });
}

/** A picture of noise, which takes as many bytes as it may. */
function pictureOf(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Three colours of 8 bits each.
  header.set([8, 2], 8);
  const rows = randomBytes(height * (1 + 3 * width));
  for (let row = 0; row < height; row++) rows[row * (1 + 3 * width)] = 0;
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const parts = [['IHDR', header] as const, ['IDAT', deflateSync(rows)] as const];
  return Buffer.concat([
    signature,
    ...parts.map(([name, data]) => pngPart(name, data)),
    pngPart('IEND', Buffer.alloc(0)),
  ]);
}

function pngPart(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, checksum]);
}

function hashOfFile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

async function richChat(route: string): Promise<void> {
  const dora = new TerminalPerson(4, 'dora', 'cyan', route);
  const emil = new TerminalPerson(5, 'emil', 'yellow', route);
  const robo = new Person(6, 'robo', 'magenta', route);

  await step('Two people at terminals, and a program', async () => {
    await Promise.all([dora.sees('as (4) dora'), emil.sees('as (5) emil'), robo.arrive()]);
  });
  await step('Private: the tick turns to read, an answer, a reaction', async () => {
    dora.types('5;;lunch at twelve?');
    await dora.sees('lunch at twelve? ✓');
    await emil.sees('lunch at twelve?');
    await dora.sees('has read lunch at twelve?');
    emil.types(':reply ^ with pleasure');
    await dora.sees('┌ you: lunch at twelve?');
    await dora.sees('with pleasure');
    dora.types(':react ^ 👍');
    await emil.sees('(4) dora → you [reaction]: 👍');
  });
  await step('Private: a correction, and a message that is taken back', async () => {
    dora.types(':edit ^ lunch at one?');
    await emil.sees('┌ (4) dora: lunch at twelve?');
    await emil.sees('[edited]: lunch at one?');
    dora.types('5;;wrong window, sorry');
    await emil.sees('wrong window, sorry');
    dora.types(':retract ^');
    await emil.sees('(4) dora → you [retracted the message of ');
  });
  await step('In an encrypted group, with the program', async () => {
    dora.types(':create party --e2ee');
    await dora.sees('#party is there');
    emil.types(':join party');
    await emil.sees('you are in #party');
    await robo.asks(':join party');
    dora.types('#party;;who brings cake?');
    const { id = '' } = await robo.hears({ event: 'message', text: 'who brings cake?' });
    robo.types(`:read ${id}`);
    await dora.sees('read who brings cake?');
    robo.types({ group: 'party', text: 'I do', replyTo: id });
    const { id: answer = '' } = await robo.hears({ event: 'sent' });
    await emil.sees('(6) robo → #party [e2e]: I do');
    await dora.sees('(6) robo → #party [e2e]: I do');
    dora.types(':react ^ 🎂 😄');
    await robo.hears({ event: 'reactions', id: answer, emoji: ['🎂', '😄'] });
    robo.types({ edit: answer, text: 'I do, and tea' });
    await emil.sees('[edited]: I do, and tea');
    robo.types({ retract: answer });
    await emil.sees('(6) robo → #party [retracted the message of ');
    await robo.hears({ event: 'read', upTo: answer });
  });
  await step('They leave', async () => {
    await Promise.all([dora.leaves(), emil.leaves(), robo.leave()]);
  });
}

async function step(title: string, run: () => Promise<void>): Promise<void> {
  print(`\n${styled('bold', title)}`);
  try {
    await run();
  } catch (error) {
    throw new Error(
      `the step "${title}" failed: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** The ports that a client looks for by itself if all are free, others if not. */
async function ports(): Promise<string[]> {
  const usual = (await Promise.all([9000, 8081, 8083].map(isFree))).every(Boolean);
  return usual ? [] : ['--port', '0', '--http-port', '0', '--route-port', '0'];
}

async function main(): Promise<void> {
  print(styled('bold', '$ cim dev'));
  const system = new Program(['dev', '--data', join(folder, 'data'), ...(await ports())]);
  const ready = await system.until('cim dev starts', () => {
    return /^cim dev ready .*route=(\S+)\n/m.exec(system.stdout) ?? undefined;
  });
  print(ready[0].trim());
  const route = `http://${ready[1]}`;
  await chat(route);
  await richChat(route);
  print(`\n${styled('green', 'Every step came out as it should.')}`);
  if (terminal && process.stdin.isTTY) {
    const where = route === 'http://127.0.0.1:8083' ? '' : ` --route ${route}`;
    print(`\nThe system stays up. Join in other terminals, and end it here with Ctrl-C:\n`);
    print(`  bin/cim client --user-id 11 --name dora${where}`);
    print(`  bin/cim client --user-id 12 --name emil${where}\n`);
    print(`or in a browser: ${styled('bold', route)}\n`);
    await new Promise<void>((resolve) => {
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
    });
  }
}

try {
  await main();
} catch (error) {
  print(`\n${styled('red', error instanceof Error ? error.message : String(error))}`);
  process.exitCode = 1;
} finally {
  await Promise.all([...children].map((program) => program.end()));
  rmSync(folder, { recursive: true, force: true });
}
