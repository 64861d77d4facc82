// `cim send` with a client that does what the test says.
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { exitCodes } from '../../../src/base/exit-codes.ts';
import { CimError } from '../../../src/client/sdk/index.ts';
import { SecretPrompt } from '../../../src/client/terminal/keyboard/secret-prompt.ts';
import { sendAll } from '../../../src/client/terminal/send.ts';
import { onTeardown } from '../../support/teardown.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { FakeMessenger } from './support/fake-messenger.ts';

function begin({
  json = false,
  transient = false,
  token = undefined as string | undefined,
  fd = -1,
  text = undefined as string | undefined,
  replyTo = undefined as string | undefined,
  file = undefined as string | undefined,
  isTTY = false,
} = {}) {
  const client = new FakeMessenger();
  const streams = {
    stdin: Object.assign(new PassThrough(), fd < 0 ? {} : { fd }),
    stdout: new PassThrough(),
    stderr: Object.assign(new PassThrough(), isTTY ? { isTTY, columns: 40 } : { isTTY }),
  };
  const { stdin, stdout, stderr } = streams;
  const host = { ...streams, env: {}, on: () => {}, off: () => {} } as unknown as Parameters<
    typeof sendAll
  >[0]['host'];
  const code = sendAll({
    client,
    host,
    json,
    transient,
    target: { to: 2 },
    replyTo,
    file,
    text,
    token,
    user: { userId: 1, userName: 'bob' },
    prompt: new SecretPrompt(),
  });
  const printed = (stream: PassThrough) => String(stream.read() ?? '');
  const sent = (count: number) =>
    waitUntil(`${count} sent`, () => client.sendings.length === count, {
      timeoutMs: 2_000,
      pollMs: 1,
    });
  return { client, stdin, code, sent, out: () => printed(stdout), err: () => printed(stderr) };
}

describe('an input that cannot be read to its end', () => {
  test.each([
    ['at once', ''],
    ['half-way', 'one\ntwo\nhalf a li'],
  ])('is said, and what came before is sent (%s)', async (_, before) => {
    const { client, stdin, code, sent, err } = begin();
    client.connect();
    stdin.write(before);
    const count = before === '' ? 0 : 2;
    await sent(count);
    stdin.destroy(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }));
    for (let each = 1; each <= count; each++) client.store(each);
    expect(await code).toBe(1);
    expect(client.sendings.map(({ text }) => text)).toEqual(['one', 'two'].slice(0, count));
    expect(err()).toBe('cim send: the input could not be read to its end: EIO: i/o error, read\n');
  });

  test('as a folder cannot', async () => {
    const folder = openSync('.', 'r');
    onTeardown(() => closeSync(folder));
    const { client, stdin, code, err } = begin({ fd: folder });
    client.connect();
    stdin.end();
    expect(await code).toBe(1);
    expect(err()).toBe('cim send: the input is a folder\n');
  });
});

describe('send', () => {
  test('sends every line that is not blank, as it is, and says nothing', async () => {
    const { client, stdin, code, sent, out, err } = begin();
    client.connect();
    client.answersAtOnce = true;
    stdin.end('one\n\n3;;two\n:q\n::x');
    await sent(4);
    expect(await code).toBe(0);
    expect(client.sendings.map(({ target, text }) => [target, text])).toEqual(
      ['one', '3;;two', ':q', '::x'].map((text) => [{ to: 2 }, text]),
    );
    expect([out(), err()]).toEqual(['', '']);
  });

  test('with --reply-to each line answers that message', async () => {
    const { client, stdin, code, sent } = begin({ replyTo: '2.0123456789abcdef.1.1' });
    client.answersAtOnce = true;
    client.connect();
    stdin.end('one\ntwo\n');
    await sent(2);
    expect(await code).toBe(0);
    expect(client.sendings).toMatchObject([
      { text: 'one', extras: { replyTo: '2.0123456789abcdef.1.1' } },
      { text: 'two', extras: { replyTo: '2.0123456789abcdef.1.1' } },
    ]);
  });

  test('leaves what waits for the user to the devices that show it', async () => {
    const { client, stdin, code } = begin();
    client.connect();
    expect(client.listens('message')).toBe(false);
    stdin.end();
    await code;
  });

  test('says that nothing was sent where there was nothing', async () => {
    const { client, stdin, code, err } = begin();
    client.connect();
    stdin.end('\n \n');
    expect(await code).toBe(0);
    expect(err()).toBe('cim send: nothing was sent: the input has no text\n');
  });

  test('ends when all is stored', async () => {
    const { client, stdin, code, sent, out } = begin({ json: true });
    client.connect();
    stdin.end('one\ntwo\n');
    await sent(2);
    let hasEnded = false;
    void code.then(() => {
      hasEnded = true;
    });
    client.store(2);
    await new Promise(setImmediate);
    expect(hasEnded).toBe(false);
    client.store(1);
    expect(await code).toBe(0);
    expect(out()).toBe(
      '{"event":"sent","line":2,"id":"id2","seq":2}\n{"event":"sent","line":1,"id":"id1","seq":1}\n',
    );
  });

  test('with --transient is over when all is written, and waits for the connection only', async () => {
    const { client, stdin, code, out } = begin({ json: true, transient: true });
    stdin.end('one\ntwo\n');
    await waitUntil('the input is read', () => stdin.readableEnded, {
      timeoutMs: 2_000,
      pollMs: 1,
    });
    expect(client.transients).toEqual([]);
    client.connect();
    expect(await code).toBe(0);
    expect(client.transients.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(client.sendings).toEqual([]);
    expect(out()).toBe(
      '{"event":"sent","line":1,"id":"~1","seq":0}\n{"event":"sent","line":2,"id":"~2","seq":0}\n',
    );
  });

  test('with --transient fails if something could not leave at once', async () => {
    const { client, stdin, code, err } = begin({ transient: true });
    client.connect();
    client.disconnect();
    stdin.end('one\n');
    expect(await code).toBe(1);
    expect(err()).toContain('cim send: line 1: not sent: it could not leave at once\n');
  });

  test('fails if anything is refused', async () => {
    const { client, stdin, code, sent, out, err } = begin();
    client.connect();
    stdin.end('one\ntwo\n');
    await sent(2);
    client.store(1);
    client.refuse(2, new CimError('unknown-receiver'));
    expect(await code).toBe(1);
    expect([out(), err()]).toEqual(['', 'cim send: line 2: The receiver has no account\n']);
  });

  test('a text of the command line is no line, and its refusal names none', async () => {
    const { client, code, sent, err } = begin({ text: 'hello' });
    client.connect();
    await sent(1);
    client.refuse(1, new CimError('unknown-receiver'));
    expect(await code).toBe(1);
    expect(err()).toBe('cim send: The receiver has no account\n');
  });

  test('refuses a text that holds a drawn secret', async () => {
    const { client, stdin, code, err } = begin();
    client.connect();
    stdin.end(`the new secret of user 2:\n  cim_${'x'.repeat(43)}\n`);
    await waitUntil('the first is sent', () => client.sendings.length === 1);
    client.store(1);
    expect(await code).toBe(1);
    expect(client.sendings).toHaveLength(1);
    expect(err()).toBe(
      'cim send: line 2: not sent: it holds the secret of an account, and whoever reads that can be its user\n',
    );
  });

  test('tells scripts what was refused', async () => {
    const { client, stdin, code, sent, out } = begin({ json: true });
    client.connect();
    stdin.end('one\n');
    await sent(1);
    client.refuse(1, new CimError('unknown-receiver'));
    expect(await code).toBe(1);
    expect(out()).toBe(
      '{"event":"error","line":1,"code":"unknown-receiver","message":"The receiver has no account"}\n',
    );
  });

  test.each([false, true])(
    'is not allowed: the reason is said once (--transient: %j)',
    async (transient) => {
      const { client, stdin, code, err } = begin({ token: 'jwt', transient });
      stdin.end('one\ntwo\n');
      await waitUntil('the input is read', () => stdin.readableEnded);
      client.end({ reason: 'expired', code: '9301', error: new CimError('unauthenticated') });
      expect(await code).toBe(77);
      expect(err()).toBe('cim send: expired\n');
    },
  );

  test('is not allowed: scripts are told why with each line', async () => {
    const { client, stdin, code, sent, out } = begin({ json: true, token: 'jwt' });
    stdin.write('one\ntwo\n');
    await sent(2);
    client.end({ reason: 'expired', code: '9301', error: new CimError('unauthenticated') });
    expect(await code).toBe(77);
    const refusal = { event: 'error', code: 'unavailable', message: 'expired' };
    expect(
      out()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { ...refusal, line: 1 },
      { ...refusal, line: 2 },
    ]);
  });

  test('is not allowed any more: the first line that did not leave is named', async () => {
    const { client, stdin, code, sent, err } = begin();
    client.connect();
    stdin.write('one\n\nthree\n');
    await sent(2);
    client.store(1);
    client.disconnect();
    stdin.write('four\nfive\n');
    await sent(4);
    client.end({ reason: 'kicked', code: 'kicked', error: new CimError('not-allowed') });
    expect(await code).toBe(1);
    expect(err()).toBe(
      [
        'connection lost: cut; trying again',
        'line 3: The message may or may not have been stored',
        'kicked',
        'line 4 and what follows it were not sent',
      ]
        .map((remark) => `cim send: ${remark}\n`)
        .join(''),
    );
  });

  test('is not allowed without the secret: what to do is said', async () => {
    const { client, stdin, code, sent, err } = begin();
    stdin.write('one\n');
    await sent(1);
    client.end({ reason: 'another name', code: '9100', error: new CimError('account-mismatch') });
    expect(await code).toBe(77);
    expect(err()).toMatch(/^cim send: this is not the secret of \(1\) bob: [^\n]*\n$/);
  });
});

test('a file is sent in place of a text, and one that cannot be is said', async () => {
  const folder = temporaryFolder('send');
  writeFileSync(join(folder, 'a.txt'), 'what is in it');
  const { client, code, out } = begin({ json: true, file: join(folder, 'a.txt') });
  client.connect();
  expect(await code).toBe(exitCodes.ok);
  expect(JSON.parse(out())).toEqual({ event: 'sent', line: 1, id: 'file1', seq: 1 });
  expect([...client.brought.values()].map(String)).toEqual([
    `${Buffer.from('what is in it').join()}`,
  ]);
  const failing = begin({ file: join(folder, 'none') });
  failing.client.connect();
  expect(await failing.code).toBe(exitCodes.failure);
  expect(failing.err()).toContain('there is no such file');
});

test('how far a file is, is shown in one line where somebody looks, and is gone in the end', async () => {
  const folder = temporaryFolder('send');
  const file = join(folder, `${'long '.repeat(10)}.txt`);
  writeFileSync(file, 'what is in it');
  const shownWith = async (options: object) => {
    const { client, code, err } = begin({ file, ...options });
    client.connect();
    expect(await code).toBe(exitCodes.ok);
    return err();
  };
  const shown = await shownWith({ isTTY: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal is told.
  const [, bar] = /^\r\x1b\[2K([^\r\n]+)\r\x1b\[2K$/.exec(shown) ?? [];
  expect(bar).toMatch(/^sending long /);
  expect(bar?.length).toBeLessThan(40);
  for (const options of [{}, { isTTY: true, json: true }])
    expect(await shownWith(options)).toBe('');
});
