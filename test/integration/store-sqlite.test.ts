/**
 * The embedded store in a process of its own: killed while it appends, and in the way of a second
 * one.
 */
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { runOf } from '../../src/codec/run.ts';
import { Database } from '../../src/store/sqlite/database.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { userTimeline } from '../../src/store/timelines.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const retention = { messagesMax: 1_000_000, ageMs: 3_600_000 };
const timeline = userTimeline(1);
const source = '2.0123456789abcdef.1';

/**
 * Appends one message after the other, in batches of three, and prints the number of each that was
 * acknowledged.
 */
const appending = `
  import { runOf } from '${pathToFileURL('src/codec/run.ts')}';
  import { SqliteStore } from '${pathToFileURL('src/store/sqlite/sqlite-store.ts')}';
  const [folder] = process.argv.slice(-1);
  const store = SqliteStore.open({ path: folder, retention: ${JSON.stringify(retention)} });
  const [head] = await store.timelines.heads(['${timeline}']);
  for (let sendSeq = head + 1; ; sendSeq += 3) {
    const batch = [0, 1, 2].map((offset) => ({
      timeline: '${timeline}',
      from: 2,
      to: 1,
      source: '${source}',
      sendSeq: sendSeq + offset,
      restart: false,
      silent: false,
      ...runOf([Buffer.from(String(sendSeq + offset))]),
    }));
    for (const { status, seq } of await store.timelines.append(batch)) console.log(status, seq);
    // What waits to be printed is only written when others have a turn.
    await new Promise(setImmediate);
  }
`;

function startAppending(folder: string): Promise<TestProcess> {
  return startProcess({
    name: 'the appending process',
    command: process.execPath,
    args: ['--input-type=module', '--eval', appending, folder],
    ready: ({ stdout }) => stdout.length > 0,
  });
}

/** The last number that it has acknowledged; its last line may be cut off. */
function lastAcknowledged({ stdout }: TestProcess): number {
  const lines = stdout.slice(0, stdout.lastIndexOf('\n')).split('\n');
  return Number(/^taken (\d+)$/.exec(lines.at(-1) ?? '')?.[1]);
}

test('whatever was acknowledged before kill -9 is there, in order, once', async () => {
  const folder = temporaryFolder('store');
  for (let round = 1; round <= 3; round += 1) {
    const appender = await startAppending(folder);
    const start = lastAcknowledged(appender);
    await waitUntil('it has appended', () => lastAcknowledged(appender) > start + 300);
    await appender.kill();
    const acknowledged = lastAcknowledged(appender);

    const store = SqliteStore.open({ path: folder, retention });
    onTeardown(() => store.close());
    const [head = 0] = await store.timelines.heads([timeline]);
    expect(head).toBeGreaterThanOrEqual(acknowledged);
    const { messages } = await store.timelines.read({ timeline, after: 0, limit: head });
    const texts = messages.map(({ body }) => Buffer.from(body).toString());
    expect(texts).toEqual(Array.from({ length: head }, (_, index) => `${index + 1}`));
    // Its source goes on where the timeline does: the two were written together.
    const run = runOf([Buffer.from(`${head}`)]);
    const again = {
      timeline,
      from: 1,
      to: 2,
      source,
      sendSeq: head,
      restart: false,
      silent: false,
      ...run,
    };
    expect(await store.timelines.append([again])).toMatchObject([{ duplicates: 1, seq: head }]);
    await store.close();
  }
});

test('a folder that another process uses is refused, and free when that one is gone', async () => {
  const folder = temporaryFolder('store');
  const other = await startAppending(folder);
  expect(() => Database.open(folder)).toThrow(
    expect.objectContaining({
      kind: 'unavailable',
      message: expect.stringContaining(`${folder} is in use by another process`),
    }),
  );
  await other.kill();
  Database.open(folder).close();
});
