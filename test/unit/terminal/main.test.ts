// `cim client` as a person sees it, and as a pipe does, with a client that does what the test says.
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { Interrupts } from '../../../src/client/terminal/interrupts.ts';
import { SecretPrompt } from '../../../src/client/terminal/keyboard/secret-prompt.ts';
import { converse } from '../../../src/client/terminal/main.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { FakeMessenger } from './support/fake-messenger.ts';
import { VirtualTerminal } from './support/virtual-terminal.ts';

type Host = Parameters<typeof converse>[0]['host'];

function begin(
  stdin: NodeJS.ReadableStream,
  stdout: NodeJS.WritableStream,
  env = {},
  json = false,
) {
  const client = new FakeMessenger();
  client.online = [
    { userId: 1, userName: 'bob' },
    { userId: 2, userName: 'amy' },
  ];
  const host = {
    stdin,
    stdout,
    stderr: new PassThrough(),
    env,
    on: () => {},
    off: () => {},
  } as unknown as Host;
  const settings = { json, listen: false, transient: false, token: undefined };
  const user = { userId: 1, userName: 'bob' };
  const prompt = new SecretPrompt();
  const interrupts = new Interrupts(host);
  const code = converse({ settings, client, user, prompt, host, interrupts });
  return { client, prompt, code };
}

/** Times of day are not what this is about. */
const timeless = (rows: readonly string[]) => rows.map((row) => row.replace(/^\d\d:\d\d/, 'HH:MM'));

describe('on a terminal', () => {
  const at = Date.now();
  const tip =
    '· text goes to everybody online, userId;;text to one person, #group;;text to a group; :all lists commands, :q leaves';

  function open(env: Record<string, string> = { NO_COLOR: '1' }) {
    const terminal = new VirtualTerminal(120);
    const started = begin(terminal.stdin, terminal.stdout, env);
    const shows = (...rows: string[]) =>
      waitUntil(
        'the terminal shows it',
        () => JSON.stringify(timeless(terminal.rows)) === JSON.stringify(rows),
        { timeoutMs: 2_000, pollMs: 1 },
      ).catch(() => expect(timeless(terminal.rows)).toEqual(rows));
    return { ...started, terminal, shows };
  }

  test('a conversation', async () => {
    const { client, code, terminal, shows } = open();
    await shows(tip, '○ bob>');
    client.connect();
    const start = [tip, '· connected to 127.0.0.1:9000 as (1) bob', '· online: (2) amy'];
    await shows(...start, '● bob>');

    terminal.type('hello\r2;;psst\rnext');
    await shows(...start, '… hello', '… 2;;psst', '● bob> next');
    client.store(1);
    await shows(...start, 'HH:MM you: hello ✓', '… 2;;psst', '● bob> next');
    await client.emit('message', {
      id: 'm',
      from: 2,
      fromName: 'amy',
      to: 1,
      text: 'hi',
      seq: 1,
      at,
    });
    client.disconnect();
    client.store(2);
    const middle = [
      ...start,
      'HH:MM you: hello ✓',
      'HH:MM (2) amy → you: hi',
      '· connection lost: cut; what you write now is sent when it is back',
      'HH:MM you → (2) amy: psst ✓',
    ];
    await shows(...middle, '○ bob> next');

    terminal.type('\u0015:nope\r:q\r');
    expect(await code).toBe(0);
    const problem = '! :nope is not a command; :all lists them, and ::nope says it as a text';
    await shows(...middle, '› :nope', problem, '› :q', '· bye');
  });

  test('who is in groups is reminded of them', async () => {
    const { client, shows } = open();
    client.followedGroups = ['builds', 'ops'];
    await shows(tip, '○ bob>');
    client.connect();
    const start = [tip, '· connected to 127.0.0.1:9000 as (1) bob', '· online: (2) amy'];
    await shows(...start, '· you are in #builds, #ops', '● bob>');
    await client.emit('left', { group: 'ops', reason: 'left' });
    await client.emit('left', { group: 'builds', reason: 'lost' });
    await client.emit('left', { group: 'cooks', reason: 'removed' });
    await shows(
      ...start,
      '· you are in #builds, #ops',
      '· you are not in #ops any more: left on another device',
      '· you are not in #builds any more: there is no such group in the store any more',
      '· you are not in #cooks any more: its owner or an admin has removed you',
      '● bob>',
    );
    await client.close();
  });

  test('who has to tell the secret of the account is asked for it, and shows it to nobody', async () => {
    const { client, prompt, terminal, shows } = open();
    await shows(tip, '○ bob>');
    const question =
      '· (1) bob exists, and this device does not have the secret; type it (it is not shown):';
    const first = prompt.ask();
    await shows(tip, question, '○ secret>');
    terminal.type('wrong\r');
    expect(await first).toBe('wrong');
    const second = prompt.ask();
    const again = '· that is not the secret of (1) bob; once more, or Ctrl-D:';
    await shows(tip, question, again, '○ secret>');
    terminal.type('right\r');
    expect(await second).toBe('right');
    client.connect();
    await shows(
      ...[tip, question, again],
      ...['· connected to 127.0.0.1:9000 as (1) bob', '· online: (2) amy', '● bob>'],
    );
    await client.close();
  });

  test('a secret that was typed before it is asked for goes to nobody', async () => {
    const { client, prompt, terminal, shows } = open();
    await shows(tip, '○ bob>');
    const secret = `cim_${'x'.repeat(43)}`;
    terminal.type(`${secret}\r`);
    const early = '! not sent, as you are not logged in yet: press Enter again when you are';
    await shows(tip, early, `○ bob> ${secret}`);
    const told = prompt.ask();
    terminal.type(`${secret}\r`);
    expect(await told).toBe(secret);
    client.connect();
    const start = ['· connected to 127.0.0.1:9000 as (1) bob', '· online: (2) amy'];
    const question =
      '· (1) bob exists, and this device does not have the secret; type it (it is not shown):';
    await shows(tip, early, question, ...start, `● bob> ${secret}`);
    expect(client.sendings).toEqual([]);
    terminal.type('\r');
    const refusal =
      '! not sent: it holds the secret of an account, and whoever reads that can be its user';
    await shows(tip, early, question, ...start, '› cim_…', refusal, '● bob>');
    terminal.type(`:delay 2;;see ${secret} 5\r`);
    await shows(
      ...[tip, early, question, ...start, '› cim_…', refusal],
      ...['› :delay 2;;see cim_… 5', refusal, '● bob>'],
    );
    expect([client.sendings, client.schedules]).toEqual([[], []]);
    await client.close();
  });

  test('Ctrl-C leaves', async () => {
    const { client, code, terminal } = open();
    client.connect();
    terminal.type('\u0003');
    expect(await code).toBe(0);
  });

  test('Ctrl-D leaves', async () => {
    const { client, code, terminal } = open();
    client.connect();
    terminal.type('\u0004');
    expect(await code).toBe(0);
  });

  test('one that cannot move its cursor is written to line by line', async () => {
    const { client, code, terminal, shows } = open({ TERM: 'dumb' });
    client.connect();
    client.answersAtOnce = true;
    terminal.stdin.push('hello :tada:\n:q\n');
    expect(await code).toBe(0);
    const said = 'HH:MM you: hello 🎉 ✓';
    await shows('· connected to 127.0.0.1:9000 as (1) bob', said, '› :q', '· bye');
  });
});

describe('in a pipe', () => {
  function run(json: boolean) {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const { client, code } = begin(stdin, stdout, {}, json);
    client.connect();
    client.answersAtOnce = true;
    stdin.end('hello\n');
    return code.then(() => String(stdout.read()).split('\n').slice(0, -1));
  }

  test('lines for people', async () => {
    expect(timeless(await run(false))).toEqual([
      '· connected to 127.0.0.1:9000 as (1) bob',
      'HH:MM you: hello ✓',
      '· bye',
    ]);
  });

  test.each([false, true])('texts stay as they are (--json: %j)', async (json) => {
    const stdin = new PassThrough();
    const { client, code } = begin(stdin, new PassThrough(), {}, json);
    client.connect();
    client.answersAtOnce = true;
    stdin.end(':smile: 12:100:30\n');
    await code;
    expect(client.sendings[0]?.text).toBe(':smile: 12:100:30');
  });

  test('a message of a program is an object, and may have several lines', async () => {
    const stdin = new PassThrough();
    const { client, code } = begin(stdin, new PassThrough(), {}, true);
    client.connect();
    client.answersAtOnce = true;
    stdin.end('{"to":7,"text":"two\\nlines"}\nhello\n');
    await code;
    expect(client.sendings).toMatchObject([
      { target: { to: 7 }, text: 'two\nlines' },
      { target: { group: 'lobby' }, text: 'hello' },
    ]);
  });

  test('nobody is asked for a secret', async () => {
    const stdin = new PassThrough();
    const { client, code, prompt } = begin(stdin, new PassThrough());
    expect(await prompt.ask()).toBeUndefined();
    client.connect();
    stdin.end();
    await code;
  });

  test('objects for scripts', async () => {
    expect((await run(true)).map((line) => JSON.parse(line).event)).toEqual([
      'ready',
      'sent',
      'closed',
    ]);
  });
});
