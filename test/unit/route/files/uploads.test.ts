/**
 * Uploading and reading files, over HTTP: a route over the embedded store and a folder. Goal: what is
 * read is what was uploaded, whole or not at all, whatever callers send; and nobody reads, writes or
 * fills what they may not.
 */
import { once } from 'node:events';
import {
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import { Counters } from '../../../../src/base/process/counters.ts';
import { openBlobs } from '../../../../src/files/open-blobs.ts';
import { buildRouteApp } from '../../../../src/route/app.ts';
import type { FileBounds } from '../../../../src/route/files/file-service.ts';
import { clusterKeysOf } from '../../../support/cluster-key.ts';
import { routeFiguresOf } from '../../../support/figures.ts';
import {
  answerOf,
  drawFileId,
  FileCaller,
  peer,
  sha256,
  type TestFile,
  testFile,
} from '../../../support/file-uploads.ts';
import { amy, bob, openMemoryStore, RouteHarness } from '../../../support/route-harness.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { recordingLog } from '../../http/recording-log.ts';

const roomy: FileBounds = {
  fileBytesMax: 100e6,
  userBytesMax: 1e9,
  allBytesMax: 1e10,
  userUnfinishedBytesMax: 1e9,
  allUnfinishedBytesMax: 1e10,
  lifeMs: 3_600_000,
};
const kibibyte = 1024;

async function startRoute(
  bounds: FileBounds = roomy,
  given: { store?: RouteHarness['store']; folder?: string } = {},
) {
  const { store = await openMemoryStore(), folder = temporaryFolder('files') } = given;
  const blobs = await openBlobs({ filesFolder: folder });
  if (!blobs) throw new Error('a folder was given');
  const route = await RouteHarness.start({ store, files: { blobs, bounds } });
  const { log, lines } = recordingLog();
  const { operations, callers: users } = route.core;
  const app = buildRouteApp(operations, {
    ...routeFiguresOf(new Counters()),
    ...{ mode: 'open', warnings: [], version: '9.9.9', log },
    proofs: { clusterKeys: clusterKeysOf('cluster'), users },
  });
  onTeardown(() => app.close());
  const { port } = await app.listen({ host: '127.0.0.1', port: 0, option: '--port' });
  const url = `http://127.0.0.1:${port}`;
  return { route, store, folder, url, lines, amy: new FileCaller(url, amy.userId) };
}

/** Names of all that is in the folder, in it and below. */
function stored(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

describe('a file', () => {
  test('is read as it was uploaded, its parts in any order and at the same time', async () => {
    const { amy } = await startRoute();
    const file = testFile();
    const begun = await amy.begin(file);
    expect(begun).toMatchObject({ status: 200, code: '9000' });
    const { capability, ...rest } = begun.dataBody;
    expect(capability).toMatch(/^[\w-]{22,}$/);
    const { id } = file;
    const shape = { id, chunkBytes: 8 * 1024 * kibibyte, chunks: 3, received: [] };
    expect(rest).toEqual({ ...shape, expiresAt: expect.any(Number) });

    const put = await Promise.all(
      [2, 0, 1].map((number) => amy.put(file, number, file.parts[number]!, capability)),
    );
    expect(put.map(({ code }) => code)).toEqual(['9000', '9000', '9000']);
    const finished = await amy.finish(file, capability);
    const facts = {
      id,
      bytes: file.content.length,
      type: 'image/png',
      sha256: sha256(file.content),
    };
    expect(finished.dataBody).toEqual({ ...facts, expiresAt: expect.any(Number) });
    expect(await amy.finish(file, capability)).toMatchObject({ dataBody: finished.dataBody });
    expect((await amy.download(file, capability)).equals(file.content)).toBe(true);
  });

  test.each([0, 1, limits.fileChunkBytes, limits.fileChunkBytes + 1])(
    'of %d bytes',
    async (bytes) => {
      const { amy } = await startRoute();
      const file = testFile(bytes);
      const capability = await amy.upload(file);
      expect((await amy.download(file, capability)).equals(file.content)).toBe(true);
    },
  );

  test('is not there until it is finished, nor for whoever has another capability', async () => {
    const { amy, url } = await startRoute();
    const file = testFile(kibibyte);
    const none = await answerOf(await amy.get({ id: drawFileId() }, 'any'));
    expect(none).toMatchObject({ status: 404, code: '7330' });
    const { capability } = (await amy.begin(file)).dataBody;
    await amy.put(file, 0, file.content, capability);
    const same = { status: none.status, code: none.code, message: none.message };
    expect(await answerOf(await amy.get(file, capability))).toMatchObject(same);
    await amy.finish(file, capability);
    expect(await answerOf(await amy.get(file, `${capability}x`))).toMatchObject(same);
    expect(await answerOf(await amy.get(file, ''))).toMatchObject(same);
    expect(await answerOf(await fetch(`${url}/files/${file.id}`))).toMatchObject(same);
    expect(await amy.put(file, 0, file.content, 'another')).toMatchObject(same);
    expect(await amy.finish(file, 'another')).toMatchObject(same);
    expect((await amy.get(file, capability)).status).toBe(200);
  });

  test('an upload that was cut off goes on where it was', async () => {
    const { amy } = await startRoute();
    const file = testFile();
    const { capability } = (await amy.begin(file)).dataBody;
    await amy.put(file, 1, file.parts[1]!, capability);
    const again = (await amy.begin(file)).dataBody;
    expect(again).toMatchObject({ capability, received: [1] });
    expect(await amy.finish(file, capability)).toMatchObject({ code: '7335' });
    for (const number of [0, 2]) await amy.put(file, number, file.parts[number]!, capability);
    expect(await amy.finish(file, capability)).toMatchObject({ code: '9000' });
    expect((await amy.begin(file)).dataBody).toMatchObject({ received: [0, 1, 2] });
  });

  test('another route goes on with it, and finds what was lost on the disk meanwhile', async () => {
    const { amy: caller, store, folder } = await startRoute();
    const file = testFile();
    const { capability } = (await caller.begin(file)).dataBody;
    for (const [number, part] of file.parts.entries())
      await caller.put(file, number, part, capability);
    const { amy: other } = await startRoute(roomy, { store, folder });
    const inFolder = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const path = (number: number) =>
      join(folder, inFolder.find((name) => name.includes(`/${number}-`)) ?? 'none');
    // As a power failure may leave them: too short, of other bytes, and gone.
    const damages = [
      () => truncateSync(path(0), 100),
      () => writeFileSync(path(1), Buffer.alloc(limits.fileChunkBytes)),
      () => rmSync(path(2)),
    ];
    for (const [number, damage] of damages.entries()) {
      damage();
      expect(await other.finish(file, capability)).toMatchObject({ code: '7335' });
      const { received } = (await other.begin(file)).dataBody;
      expect(received).toEqual([0, 1, 2].filter((each) => each !== number));
      await other.put(file, number, file.parts[number]!, capability);
    }
    expect(await other.finish(file, capability)).toMatchObject({ code: '9000' });
    expect((await caller.download(file, capability)).equals(file.content)).toBe(true);
  });
});

describe('what is not what it was said to be', () => {
  let started: Awaited<ReturnType<typeof startRoute>>;
  let caller: FileCaller;
  beforeAll(async () => {
    started = await startRoute();
    caller = started.amy;
  });

  async function begun(file: TestFile, fields: object = {}): Promise<string> {
    return (await caller.begin(file, fields)).dataBody.capability;
  }

  test.each<[string, (file: TestFile, capability: string) => Promise<unknown>]>([
    ['a part that is too short', (f, c) => caller.put(f, 0, f.content.subarray(1), c)],
    ['one that is too long', (f, c) => caller.put(f, 0, Buffer.alloc(kibibyte + 1), c)],
    ['another hash', (f, c) => caller.put(f, 0, f.content, c, { 'x-cim-sha256': 'ab'.repeat(32) })],
    ['no part of it', (f, c) => caller.put(f, 1, f.content, c)],
    ['a number that is none', (f, c) => caller.put(f, '00', f.content, c)],
    ['below the first', (f, c) => caller.put(f, '-1', f.content, c)],
  ])('%s: refused, and nothing is kept', async (_, put) => {
    const file = testFile(kibibyte);
    const capability = await begun(file);
    expect(await put(file, capability)).toMatchObject({ status: 400, code: '7334' });
    expect(stored(started.folder)).toEqual([]);
    expect((await caller.begin(file)).dataBody.received).toEqual([]);
  });

  test.each([
    ['no hash', {}],
    ['one that is none', { 'x-cim-sha256': 'x' }],
    ['in upper case', { 'x-cim-sha256': 'AB'.repeat(32) }],
  ])('%s of a part', async (_, headers) => {
    const file = testFile(kibibyte);
    const said = { 'x-cim-file': await begun(file), ...headers };
    const body = new Uint8Array(file.content);
    const response = await fetch(`${started.url}/files/${file.id}/0`, {
      ...{ method: 'PUT', headers: said, body },
    });
    expect(await answerOf(response)).toMatchObject({ status: 400, code: '3000' });
  });

  test('a part whose length is not said', async () => {
    const file = testFile(kibibyte);
    const said = { 'x-cim-file': await begun(file), 'x-cim-sha256': sha256(file.content) };
    const body = new Blob([new Uint8Array(file.content)]).stream();
    const response = await fetch(`${started.url}/files/${file.id}/0`, {
      ...{ method: 'PUT', headers: said, body, duplex: 'half' },
    } as RequestInit);
    expect(await answerOf(response)).toMatchObject({ status: 400, code: '3000' });
  });

  test('a whole of another hash is never there, and is read once to see that', async () => {
    const size = limits.fileChunkBytes;
    const file = testFile(size + kibibyte);
    const capability = await begun(file, { sha256: 'ab'.repeat(32) });
    // In this order no route comes along with its hash.
    await caller.put(file, 1, file.content.subarray(size), capability);
    await caller.put(file, 0, file.content.subarray(0, size), capability);
    expect(await caller.finish(file, capability)).toMatchObject({ code: '7336' });
    // Were it read again, it would be missed.
    rmSync(started.folder, { recursive: true });
    expect(await caller.finish(file, capability)).toMatchObject({ code: '7336' });
    expect((await caller.get(file, capability)).status).toBe(404);
  });

  test('a part that has come is never replaced, and may come again', async () => {
    const { folder, amy: own } = await startRoute();
    const file = testFile(kibibyte);
    const { capability } = (await own.begin(file)).dataBody;
    const other = Buffer.alloc(kibibyte);
    for (let count = 0; count < 2; count += 1) {
      expect(await own.put(file, 0, file.content, capability)).toMatchObject({ code: '9000' });
      expect(await own.put(file, 0, other, capability)).toMatchObject({ code: '7334' });
      expect(stored(folder)).toHaveLength(1);
      expect(await own.finish(file, capability)).toMatchObject({ code: '9000' });
    }
    expect((await own.download(file, capability)).equals(file.content)).toBe(true);
  });

  test('an id that is another file’s', async () => {
    const file = testFile(kibibyte);
    await begun(file);
    expect(await caller.begin(file, { bytes: 5 })).toMatchObject({ code: '7333' });
    const other = new FileCaller(started.url, bob.userId);
    expect(await other.begin(file)).toMatchObject({ code: '7333' });
  });

  test.each([
    ['an id that is too short', { id: 'AAAA' }],
    ['one that is a path', { id: '../../../../etc/passwd' }],
    ['two that are the same bytes', { id: `${'A'.repeat(21)}B` }],
    ['a type with parameters', { type: 'text/html; charset=utf-8' }],
    ['a type that ends the header', { type: 'text/html\r\nset-cookie: a=b' }],
    ['no type', { type: 'image' }],
    ['bytes below none', { bytes: -1 }],
    ['a hash that is none', { sha256: 'x'.repeat(64) }],
  ])('%s', async (_, fields) => {
    const answer = await caller.begin(testFile(kibibyte), fields);
    expect(answer).toMatchObject({ status: 400, code: expect.stringMatching(/^300[01]$/) });
  });

  test.each(['..%2f..%2fsecret', '%2e%2e', '..\\..', '%00', 'a'.repeat(90), '%252e%252e%252f'])(
    'the path /files/%s',
    async (id) => {
      const outside = join(started.folder, '..', 'secret');
      const asked = await fetch(`${started.url}/files/${id}`, { headers: { 'x-cim-file': 'c' } });
      expect(asked.status).toBe(404);
      const body = new Uint8Array(3);
      const headers = { 'x-cim-file': 'c', 'x-cim-sha256': sha256(Buffer.alloc(3)) };
      const put = await fetch(`${started.url}/files/${id}/0`, { method: 'PUT', headers, body });
      expect(put.status).toBe(404);
      expect(() => readFileSync(outside)).toThrow('ENOENT');
    },
  );
});

describe('reading', () => {
  const content = testFile(limits.fileChunkBytes + 1_000).content;
  const { length } = content;
  let caller: FileCaller;
  let file: TestFile;
  let capability: string;
  beforeAll(async () => {
    caller = (await startRoute()).amy;
    file = {
      ...testFile(length),
      content,
      parts: [content.subarray(0, limits.fileChunkBytes), content.subarray(limits.fileChunkBytes)],
    };
    capability = await caller.upload(file);
  });

  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-', 0, length],
    ['bytes=5-14', 5, 15],
    ['bytes=-10', length - 10, length],
    [`bytes=-${2 * length}`, 0, length],
    // Over the end of a part, and of the file.
    [
      `bytes=${limits.fileChunkBytes - 5}-${limits.fileChunkBytes + 4}`,
      limits.fileChunkBytes - 5,
      limits.fileChunkBytes + 5,
    ],
    [`bytes=${length - 5}-${length + 99}`, length - 5, length],
  ])('%s', async (range, from, to) => {
    const answer = await caller.get(file, capability, { range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/${length}`);
    expect(answer.headers.get('content-length')).toBe(String(to - from));
    expect(Buffer.from(await answer.arrayBuffer()).equals(content.subarray(from, to))).toBe(true);
  });

  test.each([
    `bytes=${length}-`,
    `bytes=${length + 5}-${length + 9}`,
    'bytes=-0',
    'bytes=999999999999999-',
  ])('%s is beyond the end', async (range) => {
    const answer = await caller.get(file, capability, { range });
    expect(answer.status).toBe(416);
    expect(answer.headers.get('content-range')).toBe(`bytes */${length}`);
    expect(await answerOf(answer)).toMatchObject({ code: '7338' });
  });

  test.each([
    'bytes=5-4',
    'bytes=0-1,3-4',
    'lines=0-5',
    'bytes=-',
    'bytes=a-b',
    'bytes=9999999999999999999-',
  ])('%s is no range that is known: all is given', async (range) => {
    const answer = await caller.get(file, capability, { range });
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(length);
  });

  test('a range of what is still the same file', async () => {
    const etag = `"${sha256(content)}"`;
    const same = await caller.get(file, capability, { range: 'bytes=0-4', 'if-range': etag });
    expect(same.status).toBe(206);
    expect(same.headers.get('etag')).toBe(etag);
    await same.arrayBuffer();
    const other = await caller.get(file, capability, { range: 'bytes=0-4', 'if-range': '"x"' });
    expect(other.status).toBe(200);
    await other.arrayBuffer();
  });

  test('HEAD tells all but the bytes, also of a range', async () => {
    const head = await caller.get(file, capability, {}, 'HEAD');
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(String(length));
    expect((await head.arrayBuffer()).byteLength).toBe(0);
    const range = await caller.get(file, capability, { range: 'bytes=1-2' }, 'HEAD');
    expect(range.status).toBe(206);
    expect(range.headers.get('content-length')).toBe('2');
  });

  test.each(['text/html', 'image/svg+xml', 'application/javascript', 'application/pdf'])(
    'no browser runs or shows %s',
    async (type) => {
      const page = { ...testFile(kibibyte), type };
      const { headers } = await caller.get(page, await caller.upload(page));
      const {
        'content-type': _,
        date: __,
        connection: ___,
        'keep-alive': ____,
        ...told
      } = Object.fromEntries(headers);
      expect(headers.get('content-type')).toBe(type);
      expect(told).toEqual({
        'accept-ranges': 'bytes',
        'cache-control': 'private, no-store',
        'content-disposition': 'attachment',
        'content-length': '1024',
        'content-security-policy': "sandbox; default-src 'none'",
        'cross-origin-resource-policy': 'same-origin',
        etag: `"${sha256(page.content)}"`,
        'x-content-type-options': 'nosniff',
      });
    },
  );
});

describe('bounds', () => {
  test('of one file, of one user and of all', async () => {
    const bounds = { ...roomy, fileBytesMax: 300_000, userBytesMax: 500_000, allBytesMax: 700_000 };
    const { amy: caller, url } = await startRoute(bounds);
    const file = () => testFile(200_000);
    expect(await caller.begin(testFile(300_001))).toMatchObject({ code: '7331' });
    for (let count = 0; count < 2; count += 1)
      expect(await caller.begin(file())).toMatchObject({ code: '9000' });
    const full = await caller.begin(file());
    expect(full).toMatchObject({ code: '7332', message: expect.stringContaining('your files') });
    const other = new FileCaller(url, bob.userId);
    expect(await other.begin(file())).toMatchObject({ code: '9000' });
    const fullForAll = await other.begin(file());
    expect(fullForAll).toMatchObject({
      code: '7332',
      message: expect.stringContaining('all files'),
    });
  });

  test('of one account that begins many at once: no more than it may have', async () => {
    const { amy: caller, store } = await startRoute({ ...roomy, userBytesMax: 1_000_000 });
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => caller.begin(testFile(100_000))),
    );
    expect(answers.filter(({ code }) => code === '9000')).toHaveLength(10);
    expect(await store.files.usage()).toMatchObject({ files: 10, bytes: 1_000_000 });
  });

  test('of what is on its way from one address; then it has its turn again', async () => {
    const { amy: caller, route } = await startRoute();
    const file = testFile(kibibyte);
    const { capability } = (await caller.begin(file)).dataBody;
    const { transfers } = route.core.files;
    const ends = Array.from({ length: limits.fileTransfersPerAddressMax }, () =>
      transfers.begin({
        ...{ kind: 'download', of: drawFileId() },
        peer: { ...peer, address: '127.0.0.1' },
      }),
    );
    const refused = await caller.put(file, 0, file.content, capability);
    expect(refused).toMatchObject({ status: 503, code: '8100' });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(route.counted()).toMatchObject({ 'files.refused': 1 });
    for (const end of ends) end();
    expect(await caller.put(file, 0, file.content, capability)).toMatchObject({ code: '9000' });
    await caller.finish(file, capability);
    // Whatever becomes of a request, it takes no place for ever.
    await caller.download(file, capability);
    await caller.get(file, capability, {}, 'HEAD');
    await caller.get(file, capability, { range: 'bytes=5000-' });
    await caller.get(file, 'another');
    await caller.put(file, 0, Buffer.alloc(3), capability);
    expect(transfers.count).toBe(0);
  });
});

test('who asks for a file twice and goes takes no place for ever', async () => {
  const { amy: caller, route, url } = await startRoute();
  const file = testFile(4 * limits.fileChunkBytes);
  const capability = await caller.upload(file);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTeardown(() => socket.destroy());
  const ask = `GET /files/${file.id} HTTP/1.1\r\nHost: x\r\nX-Cim-File: ${capability}\r\n\r\n`;
  socket.write(ask + ask);
  const { transfers } = route.core.files;
  await waitUntil('both are under way', () => transfers.count === 2);
  socket.destroy();
  await waitUntil('none is', () => transfers.count === 0);
});

test('who goes before anything was read of a file of several parts leaves none of them open', async () => {
  const { amy: caller, route } = await startRoute();
  const file = testFile(2 * limits.fileChunkBytes);
  const capability = await caller.upload(file);
  const { files } = route.core;
  const found = await files.find(file.id, capability);
  const openParts = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      const path = readlinkOf(`/proc/self/fd/${fd}`);
      return path.includes(Buffer.from(file.id, 'base64url').toString('hex'));
    }).length;
  const read = await files.read(found, 0, file.content.length);
  expect(openParts()).toBe(1);
  read.destroy();
  await waitUntil('it is closed', () => openParts() === 0);
});

/** '': it has been closed meanwhile. */
function readlinkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

test('a part that comes when the file is finished is kept by nobody', async () => {
  const { amy: caller, folder, route } = await startRoute();
  const file = testFile(kibibyte);
  const { capability } = (await caller.begin(file)).dataBody;
  await caller.put(file, 0, file.content, capability);
  const { files } = route.core;
  const late = Buffer.alloc(kibibyte, 1);
  const body = new PassThrough();
  const putting = files.putPart({
    ...{ id: file.id, number: 0, capability, sha256: sha256(late), bytes: kibibyte },
    ...{ body: () => body, peer },
  });
  await caller.finish(file, capability);
  body.end(late);
  await expect(putting).rejects.toThrow('another part 0');
  expect(stored(folder)).toHaveLength(1);
  // The very part is no harm.
  expect(await caller.put(file, 0, file.content, capability)).toMatchObject({ code: '9000' });
});

describe('two parts of one number that come at once', () => {
  test('one is kept, whole, and the other one leaves nothing', async () => {
    const { amy: caller, folder, route } = await startRoute();
    const file = testFile(kibibyte);
    const { capability } = (await caller.begin(file)).dataBody;
    const other = Buffer.alloc(kibibyte, 1);
    const bodies = [new PassThrough(), new PassThrough()] as const;
    const [first, late] = [other, file.content].map((content, index) =>
      route.core.files.putPart({
        ...{ id: file.id, number: 0, capability, sha256: sha256(content), bytes: kibibyte },
        ...{ body: () => bodies[index]!, peer },
      }),
    );
    // What is given is not ours any more.
    bodies[1].end(Buffer.from(file.content));
    await late;
    bodies[0].end(Buffer.from(other));
    await expect(first).rejects.toMatchObject({ kind: 'bad-chunk' });
    expect(stored(folder)).toHaveLength(1);
    expect(await caller.finish(file, capability)).toMatchObject({ code: '9000' });
    expect((await caller.download(file, capability)).equals(file.content)).toBe(true);
  });

  test('what the store cannot tell the late one takes nothing from the other', async () => {
    const { amy: caller, folder, route, store } = await startRoute();
    const file = testFile(kibibyte);
    const { capability } = (await caller.begin(file)).dataBody;
    const body = new PassThrough();
    const late = route.core.files.putPart({
      ...{ id: file.id, number: 0, capability, sha256: sha256(file.content), bytes: kibibyte },
      ...{ body: () => body, peer },
    });
    await caller.put(file, 0, file.content, capability);
    await caller.finish(file, capability);
    const find = jest.spyOn(store.files, 'find').mockRejectedValueOnce(new CimError('busy'));
    body.end(Buffer.from(file.content));
    await expect(late).rejects.toMatchObject({ kind: 'busy' });
    expect(find).toHaveBeenCalledTimes(1);
    expect(stored(folder)).toHaveLength(1);
    expect((await caller.download(file, capability)).equals(file.content)).toBe(true);
  });
});

describe('an upload that is cancelled', () => {
  test('is gone with its bytes, and its room is for others', async () => {
    const bounds = { ...roomy, userUnfinishedBytesMax: 3 * kibibyte * 64 };
    const { amy: caller, folder } = await startRoute(bounds);
    const file = testFile(2 * kibibyte * 64);
    const { capability } = (await caller.begin(file)).dataBody;
    await caller.put(file, 0, file.content, capability);
    const other = testFile(2 * kibibyte * 64);
    const full = await caller.begin(other);
    expect(full).toMatchObject({ code: '7332', message: expect.stringContaining('cancel') });
    expect(await caller.cancel(file, 'another')).toMatchObject({ code: '7330' });
    const cancelled = await caller.cancel(file, capability);
    expect(cancelled).toMatchObject({ code: '9000', dataBody: { cancelled: true } });
    expect(stored(folder)).toEqual([]);
    for (const repeated of [
      await caller.cancel(file, capability),
      await caller.put(file, 0, file.content, capability),
      await caller.finish(file, capability),
    ])
      expect(repeated).toMatchObject({ code: '7330' });
    expect(await caller.begin(other)).toMatchObject({ code: '9000' });
  });

  test('leaves nothing of the part that is on its way, and nothing is wrong with the disk', async () => {
    const { amy: caller, folder, route } = await startRoute();
    const file = testFile(kibibyte);
    const { capability } = (await caller.begin(file)).dataBody;
    const body = new PassThrough();
    const putting = route.core.files.putPart({
      ...{ id: file.id, number: 0, capability, sha256: sha256(file.content), bytes: kibibyte },
      ...{ body: () => body, peer },
    });
    body.write(file.content.subarray(0, 1_000));
    await waitUntil('it is being written', () => stored(folder).length === 1);
    await caller.cancel(file, capability);
    body.end(file.content.subarray(1_000));
    await expect(putting).rejects.toBeInstanceOf(CimError);
    expect(stored(folder)).toEqual([]);
    expect(route.core.health.report().shared).toEqual([]);
  });

  test('is none that is finished: that stays', async () => {
    const { amy: caller } = await startRoute();
    const file = testFile(kibibyte);
    const capability = await caller.upload(file);
    const kept = await caller.cancel(file, capability);
    expect(kept).toMatchObject({ code: '9000', dataBody: { cancelled: false } });
    expect((await caller.download(file, capability)).equals(file.content)).toBe(true);
  });
});

test('a body that broke off before it was looked at is told to have', async () => {
  const { amy: caller, route } = await startRoute();
  const file = testFile(kibibyte);
  const { capability } = (await caller.begin(file)).dataBody;
  const body = new PassThrough();
  body.destroy();
  await once(body, 'close');
  const putting = route.core.files.putPart({
    ...{ id: file.id, number: 0, capability, sha256: sha256(file.content), bytes: kibibyte },
    ...{ body: () => body, peer },
  });
  await expect(putting).rejects.toThrow('the body broke off');
});

test('what fails while a part comes is answered there, and the connection goes on', async () => {
  const { amy: caller, folder, url } = await startRoute();
  const file = testFile(limits.fileChunkBytes);
  const { capability } = (await caller.begin(file)).dataBody;
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  onTeardown(() => socket.destroy());
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString();
  });
  const head = (hash: string) =>
    `PUT /files/${file.id}/0 HTTP/1.1\r\nHost: x\r\nX-Cim-File: ${capability}\r\nX-Cim-Sha256: ${hash}\r\nContent-Length: ${file.content.length}\r\n\r\n`;
  // The folder of the file cannot be made: something else has its name.
  const name = Buffer.from(file.id, 'base64url').toString('hex');
  writeFileSync(join(folder, name.slice(0, 2)), '');
  const answers = (count: number) =>
    waitUntil('it is answered', () => text.split('HTTP/1.1 ').length - 1 === count);
  socket.write(head(sha256(file.content)));
  socket.write(file.content);
  await answers(1);
  expect(text).toContain('503');
  rmSync(join(folder, name.slice(0, 2)));
  socket.write(head('ab'.repeat(32)));
  socket.write(file.content);
  await answers(2);
  expect(text).toContain('7334');
  socket.write(head(sha256(file.content)));
  socket.write(file.content);
  await answers(3);
  expect(text).toContain('9000');
  expect(await caller.finish(file, capability)).toMatchObject({ code: '9000' });
});

test('those of an account that was deleted are gone at once', async () => {
  const { amy: caller, url, store } = await startRoute();
  const file = testFile(kibibyte);
  const capability = await caller.upload(file);
  await caller.post('/deleteAccount', { userId: amy.userId });
  expect((await new FileCaller(url, bob.userId).get(file, capability)).status).toBe(404);
  expect(await caller.begin(testFile(kibibyte))).not.toMatchObject({ code: '9000' });
  // Until their bytes are taken away.
  expect(await store.files.usage()).toMatchObject({ files: 1 });
});

test('where none are kept, that is said', async () => {
  const route = await RouteHarness.start();
  const facts = { id: drawFileId(), owner: amy.userId, bytes: 1, type: 'image/png', sha256: 'x' };
  await expect(route.core.operations.beginFile(facts)).rejects.toMatchObject({ kind: 'no-files' });
});

test('no capability is in any log', async () => {
  const { amy: caller, lines, folder } = await startRoute();
  const file = testFile(kibibyte);
  const capability = await caller.upload(file);
  rmSync(folder, { recursive: true });
  expect((await caller.get(file, capability)).status).toBe(503);
  expect(lines.join('\n')).not.toContain(capability);
});
