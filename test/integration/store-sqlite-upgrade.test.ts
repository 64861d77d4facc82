/**
 * A database that the last released version has written: it becomes one of this version, with all that
 * is in it. Method: that version's own store, from the commit that CHANGELOG.md names, writes it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { limits } from '../../src/base/limits.ts';
import { createLogger } from '../../src/base/log.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { drawFileId } from '../support/file-uploads.ts';
import { Conversation, textsOf } from '../support/messages.ts';
import { releasedVersions } from '../support/released.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const retention = { messagesMax: 1_000, ageMs: limits.timelineAgeMs };
const epochHex = '0123456789abcdef';

/** Run by that version: what is in its database afterwards. */
const fill = `
import { Conversation } from './test/support/messages.ts';
import { SqliteStore } from './src/store/sqlite/sqlite-store.ts';
import { groupTimeline, userTimeline } from './src/store/timelines.ts';
const [, , path] = process.argv;
const store = SqliteStore.open({ path, retention: ${JSON.stringify(retention)} });
for (const [userId, name] of [[1, 'amy'], [2, 'bob'], [3, 'cat']])
  await store.accounts.register({ userId, name, verifier: 'v' + userId });
await store.groups.create('chess', 1);
await store.groups.join('chess', 2);
const texts = (count) => Array.from({ length: count }, (_, index) => 'old ' + (index + 1));
const toAmy = new Conversation(2, 1, '${epochHex}');
await store.timelines.append([toAmy.append(userTimeline(1), 1, texts(50))]);
const toChess = new Conversation(1, 'chess', '${epochHex}');
await store.timelines.append([toChess.append(groupTimeline('chess'), 1, texts(3))]);
await store.conversations.block(1, 3);
await store.conversations.setFlag(1, { peer: 2, group: '' }, 'muted', true);
await store.close();
`;

function releasedStore(): string {
  const [released] = releasedVersions();
  if (!released) throw new Error('no version was released');
  const [source, data] = [temporaryFolder('released'), temporaryFolder('store')];
  const wanted = ['package.json', 'src', 'test/support/messages.ts'];
  const archive = execFileSync('git', ['archive', released.commit, ...wanted], {
    maxBuffer: 2 ** 30,
  });
  execFileSync('tar', ['-x', '-C', source], { input: archive });
  symlinkSync(join(process.cwd(), 'node_modules'), join(source, 'node_modules'));
  // Made of proto/, where nothing is ever taken away.
  const generated = join('src', 'codec', 'generated');
  cpSync(generated, join(source, generated), { recursive: true });
  writeFileSync(join(source, 'fill.ts'), fill);
  execFileSync(process.execPath, [join(source, 'fill.ts'), data]);
  return data;
}

/** All tables and indexes, and the columns of each. */
function shapeOf(path: string): unknown {
  const sqlite = new DatabaseSync(join(path, 'store.sqlite'), { readOnly: true });
  const named = sqlite
    .prepare("SELECT name, type FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
    .all();
  const columns = sqlite.prepare('SELECT name, type, "notnull" FROM pragma_table_info(?)');
  const shape = named.map(({ name, type }) => [
    ...[name, type],
    columns
      .all(String(name))
      .toSorted((one, other) => (`${one['name']}` < `${other['name']}` ? -1 : 1)),
  ]);
  sqlite.close();
  return shape;
}

async function open(path: string): Promise<SqliteStore> {
  const store = SqliteStore.open({ path, retention, log: createLogger('test', 'silent') });
  onTeardown(() => store.close());
  return store;
}

test('what was in it is there, goes on, and has what is new', async () => {
  const path = releasedStore();
  const store = await open(path);
  expect(await store.accounts.get([1])).toMatchObject([{ userId: 1, name: 'amy' }]);
  const page = await store.timelines.read({ timeline: userTimeline(1), after: 0, limit: 100 });
  expect(textsOf(page.messages)).toEqual(
    Array.from({ length: 50 }, (_, index) => `old ${index + 1}`),
  );
  expect(await store.groups.find('chess')).toMatchObject({ owner: 1, keyEpoch: 0 });
  expect((await store.groups.of(2)).map(({ group }) => group)).toEqual(['chess']);
  expect(await store.conversations.blockedBy(1)).toEqual([3]);
  expect(await store.conversations.list(1)).toMatchObject([{ peer: 2, unread: 50, isMuted: true }]);

  // One that was sent again across the upgrade is there once.
  const toAmy = new Conversation(2, 1, epochHex);
  const [answer] = await store.timelines.append([
    toAmy.append(userTimeline(1), 50, ['old 50', 'new 51']),
  ]);
  expect(answer).toMatchObject({ status: 'taken', duplicates: 1, stored: 1, seq: 51 });
  const toChess = new Conversation(1, 'chess', epochHex);
  await store.timelines.append([toChess.append(groupTimeline('chess'), 4, ['new 4'])]);
  const [newest] = await store.timelines.readBack(groupTimeline('chess'), 0, 1);
  expect(newest?.seq).toBe(4);

  const file = { id: drawFileId(), owner: 1, bytes: 0, type: 'a/b', sha256: 'ab'.repeat(32) };
  const room = {
    ...{ userBytesMax: 1e9, allBytesMax: 1e9 },
    ...{ userUnfinishedBytesMax: 1e9, allUnfinishedBytesMax: 1e9 },
  };
  expect(await store.files.begin({ ...file, capability: 'c' }, room)).toMatchObject({
    status: 'begun',
  });
  expect(await store.files.finish(file.id, [], 1_000)).toMatchObject({ status: 'finished' });
});

test('it has the shape of one that was made anew', async () => {
  const [old, fresh] = [releasedStore(), temporaryFolder('store')];
  const before = shapeOf(old);
  for (const path of [old, fresh]) await (await open(path)).close();
  expect(shapeOf(old)).toEqual(shapeOf(fresh));
  expect(before).not.toEqual(shapeOf(fresh));
});
