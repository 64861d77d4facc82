// `cim client` as a person sees it, and as a pipe does, with a client that does what the test says.
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { Interrupts } from '../../../src/client/terminal/interrupts.ts';
import { converse } from '../../../src/client/terminal/main.ts';
import { SecretPrompt } from '../../../src/client/terminal/secret-prompt.ts';
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
    const start = [tip, '· connected to 127.0.0.1:9000 as bob (1)', '· online: amy (2)'];
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
      'HH:MM amy (2) → you: hi',
      '· connection lost: cut; what you write now is sent when it is back',
      'HH:MM you → amy (2): psst ✓',
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
    const start = [tip, '· connected to 127.0.0.1:9000 as bob (1)', '· online: amy (2)'];
    await shows(...start, '· you are in #builds, #ops', '● bob>');
    await client.emit('left', { group: 'ops' });
    await shows(
      ...start,
      '· you are in #builds, #ops',
      '· you are not in #ops any more: left on another device',
      '● bob>',
    );
    await client.close();
  });

  test('who has to tell the secret of the account is asked for it, and shows it to nobody', async () => {
    const { client, prompt, terminal, shows } = open();
    await shows(tip, '○ bob>');
    const question =
      '· bob (1) exists, and this device does not have the secret; type it (it is not shown):';
    const first = prompt.ask();
    await shows(tip, question, '○ secret>');
    terminal.type('wrong\r');
    expect(await first).toBe('wrong');
    const second = prompt.ask();
    const again = '· that is not the secret of bob (1); once more, or Ctrl-D:';
    await shows(tip, question, again, '○ secret>');
    terminal.type('right\r');
    expect(await second).toBe('right');
    client.connect();
    await shows(
      ...[tip, question, again],
      ...['· connected to 127.0.0.1:9000 as bob (1)', '· online: amy (2)', '● bob>'],
    );
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
    terminal.stdin.push('hello\n:q\n');
    expect(await code).toBe(0);
    await shows('· connected to 127.0.0.1:9000 as bob (1)', 'HH:MM you: hello ✓', '› :q', '· bye');
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
      '· connected to 127.0.0.1:9000 as bob (1)',
      'HH:MM you: hello ✓',
      '· bye',
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
