/** :export and :delete-account: what is asked, written and shown, and how the session ends. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { parseInput } from '../../../src/client/terminal/input/input.ts';
import { pipeInput } from '../../../src/client/terminal/input/pipe-input.ts';
import { Interrupts } from '../../../src/client/terminal/interrupts.ts';
import { People } from '../../../src/client/terminal/people.ts';
import { RecentMessages } from '../../../src/client/terminal/recent-messages.ts';
import { Output } from '../../../src/client/terminal/screen/output.ts';
import { runSession } from '../../../src/client/terminal/session.ts';
import { JsonView } from '../../../src/client/terminal/view/json-view.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { FakeMessenger } from './support/fake-messenger.ts';

const message = { id: 'm', from: 2, fromName: 'amy', to: 1, text: 'hi', seq: 1, at: 0 };

/** Of a client that is connected and says these lines. */
async function say(lines: string, prepare: (client: FakeMessenger) => void = () => {}) {
  const client = new FakeMessenger();
  prepare(client);
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const output = new Output(stdout);
  const view = new JsonView(output, new Output(new PassThrough()));
  const stream = { on: () => {}, off: () => {} };
  const code = runSession({
    ...{
      client,
      view,
      clock: new VirtualClock(),
      interrupts: new Interrupts({ ...stream, stdin: {}, stdout: {}, stderr: {} }),
    },
    ...{
      stays: false,
      isPatient: false,
      isTransient: false,
      hasToken: false,
      broken: output.broken,
    },
    ...{ input: pipeInput(stdin), people: new People(), recent: new RecentMessages() },
    ...{ parse: parseInput, userId: 1, userName: 'bob', patienceMs: 10_000 },
  });
  client.connect();
  stdin.end(lines);
  const exitCode = await code;
  const events = String(stdout.read())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { exitCode, events: events.filter(({ event }) => event !== 'ready'), client };
}

describe(':export', () => {
  test('writes a file that only its owner may read, a record in each line', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'mine.jsonl');
    const { exitCode, events } = await say(`:export ${file}\n`, (client) => {
      const custom = { type: 'x', body: Uint8Array.of(1, 2) };
      client.past = [message, { ...message, custom } as never];
    });
    expect(exitCode).toBe(0);
    const data = { file, messages: 2, expired: false };
    expect(events).toMatchObject([{ event: 'result', command: ':export', data }, {}]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const records = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records).toEqual([
      { record: 'account', userId: 1, userName: 'bob', hasSecret: true, keys: null },
      { record: 'message', ...message },
      { record: 'message', ...message, custom: { type: 'x', body: 'AQI' } },
      { record: 'end', messages: 2, expired: false },
    ]);
  });

  test('writes over nothing', async () => {
    const file = join(temporaryFolder(), 'mine.jsonl');
    writeFileSync(file, 'before');
    const { events } = await say(`:export ${file}\n`);
    const refusal = { event: 'error', code: 'invalid-argument' };
    expect(events[0]).toMatchObject({
      ...refusal,
      message: expect.stringContaining('there is such a file already'),
    });
    expect(readFileSync(file, 'utf8')).toBe('before');
  });

  test('leaves no part of what was not completed', async () => {
    const folder = temporaryFolder();
    const { events } = await say(`:export ${join(folder, 'mine.jsonl')}\n`, (client) => {
      client.past = [message];
      client.breaksExport = true;
    });
    expect(events[0]).toMatchObject({ event: 'error', code: 'unavailable' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe(':delete-account', () => {
  test.each(['', ' 2'])('%j deletes nothing, and says how to', async (rest) => {
    const { exitCode, events, client } = await say(`:delete-account${rest}\n`);
    expect(exitCode).toBe(0);
    const how = expect.stringContaining(':delete-account 1');
    expect(events[0]).toMatchObject({ event: 'error', code: 'invalid-argument', message: how });
    expect(client.isDeleted).toBe(false);
  });

  test('with the own id deletes, and the session ends as it was asked to', async () => {
    const { exitCode, events, client } = await say(':delete-account 1\n2;;never sent\n');
    expect(exitCode).toBe(0);
    expect(client.isDeleted).toBe(true);
    expect(events).toEqual([
      {
        ...{ event: 'result', line: 1, command: ':delete-account' },
        data: { userId: 1, deleted: true },
      },
      { event: 'closed', reason: expect.stringContaining('was deleted') },
    ]);
  });
});
