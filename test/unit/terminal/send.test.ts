// `cim send` with a client that does what the test says.
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../src/client/sdk/index.ts';
import { pipeInput } from '../../../src/client/terminal/pipe-input.ts';
import { SecretPrompt } from '../../../src/client/terminal/secret-prompt.ts';
import { sendAll } from '../../../src/client/terminal/send.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { FakeMessenger } from './support/fake-messenger.ts';

function begin({ json = false, transient = false, token = undefined as string | undefined } = {}) {
  const client = new FakeMessenger();
  const streams = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
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
    input: pipeInput(stdin),
    token,
    user: { userId: 1, userName: 'bob' },
    prompt: new SecretPrompt(),
  });
  const text = (stream: PassThrough) => String(stream.read() ?? '');
  const sent = (count: number) =>
    waitUntil(`${count} sent`, () => client.sendings.length === count, {
      timeoutMs: 2_000,
      pollMs: 1,
    });
  return { client, stdin, code, sent, out: () => text(stdout), err: () => text(stderr) };
}

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

  test('leaves what waits for the user to the devices that show it', async () => {
    const { client, stdin, code } = begin();
    client.connect();
    expect(client.listens('message')).toBe(false);
    stdin.end();
    await code;
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

  test('is not allowed with a token: the route says why', async () => {
    const { client, stdin, code, err } = begin({ token: 'jwt' });
    stdin.write('one\n');
    client.end({ reason: 'expired', code: '9301', error: new CimError('unauthenticated') });
    expect(await code).toBe(77);
    expect(err()).toContain('cim send: expired\n');
  });

  test('is not allowed', async () => {
    const { client, stdin, code, err } = begin();
    stdin.write('one\n');
    client.end({ reason: 'another name', code: '9100', error: new CimError('account-mismatch') });
    expect(await code).toBe(77);
    expect(err()).toMatch(/^cim send: this is not the secret of bob \(1\): .*\n$/m);
  });
});
