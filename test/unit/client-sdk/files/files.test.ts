/** Files on their way, through whatever happens to routes and connections: against files in memory. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../../../../src/base/clock.ts';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import type { MessageExtras, Target } from '../../../../src/client/sdk/client-events.ts';
import { sealedPieceBytes } from '../../../../src/client/sdk/files/file-seal.ts';
import { Files } from '../../../../src/client/sdk/files/files.ts';
import type { MessageFile, TransferOptions } from '../../../../src/client/sdk/index.ts';
import type { Platform } from '../../../../src/client/sdk/platform.ts';
import { RouteCaller } from '../../../../src/client/sdk/routes/route-caller.ts';
import { Routes } from '../../../../src/client/sdk/routes/routes.ts';
import { FakeFiles } from '../../../support/fake-files.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const inPrivate = { to: 2 };
const inGroup = { group: 'builds' };
const unavailable = () => new CimError('unavailable', 'no answer');

/** Whoever waits has waited. */
const impatient: Clock = {
  now: () => 0,
  monotonic: () => 0,
  setTimeout: (run) => {
    const immediate = setImmediate(run);
    return { cancel: () => clearImmediate(immediate) };
  },
  setInterval: () => ({ cancel() {} }),
};

function setUp({ chunkBytes = 400_000, isOff = false } = {}) {
  const fake = new FakeFiles(chunkBytes);
  const sent: { target: Target; text: string; extras: MessageExtras }[] = [];
  const unreachable = new Set<number>();
  const platform: Pick<Platform, 'http' | 'random' | 'clock' | 'files'> = {
    clock: impatient,
    random: { bytes: (count) => new Uint8Array(randomBytes(count)), fraction: () => 0 },
    http: {
      request: async (url, { body }) => {
        const { origin, pathname } = new URL(url);
        return fake.post(origin, pathname, body as Record<string, unknown>);
      },
    },
    files: async () => fake.transport,
  };
  const caller = new RouteCaller({ routes: ['https://one', 'https://two'], platform });
  const tokens = { token: async () => undefined, refused() {} };
  const routes = new Routes({ caller, tokens, platform });
  const files = new Files({
    ...{ userId: 1, caller, routes, platform },
    encryption: {
      isOff,
      assertSendable: async (to) => {
        if (unreachable.has(to)) throw new CimError('no-key');
      },
      groups: { isSealed: async (group) => group === 'secret' },
    },
    send: async (target, text, extras) => {
      sent.push({ target, text, extras });
      return { id: `id${sent.length}`, seq: sent.length };
    },
  });
  return { fake, files, sent, unreachable };
}

const size = 2 * limits.filePieceBytes + 1_234;
const plain = new Uint8Array(randomBytes(size));
const blob = new Blob([plain], { type: 'image/png' });

async function read(files: Files, file: MessageFile, options: TransferOptions = {}) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.open(file, options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a file', () => {
  test.each([
    ['in private', inPrivate],
    ['in a group', inGroup],
  ])('comes out as it went in: %s', async (_, target) => {
    const { fake, files, sent } = setUp();
    const seen: number[] = [];
    const { file, id } = await files.send(target, blob, {
      ...{ name: 'a.png', type: 'Image/PNG', width: 64, height: 48, replyTo: 'x' },
      onProgress: ({ bytes, total }) => seen.push(bytes / total),
    });
    expect(id).toBe('id1');
    const text = '[a.png, 2.1 MB]';
    expect(sent).toEqual([{ target, text, extras: { file, replyTo: 'x' } }]);
    expect(file).toMatchObject({ name: 'a.png', bytes: size, type: 'image/png', width: 64 });
    expect(seen).toEqual(seen.toSorted((one, other) => one - other));
    expect(seen.at(-1)).toBe(1);
    expect((await read(files, file)).equals(plain)).toBe(true);
    // What routes keep of it.
    const isSealed = target === inPrivate;
    const kept = Buffer.from(fake.bytesOf(file.id));
    expect(kept.includes(Buffer.from(plain.subarray(100, 132)))).toBe(!isSealed);
    expect(fake.files.get(file.id)?.type).toBe(isSealed ? 'application/octet-stream' : 'image/png');
    expect(file.key === undefined).toBe(!isSealed);
  });

  test('is as it is where encryption is off, and may be empty', async () => {
    for (const isOff of [true, false]) {
      const { files } = setUp({ isOff });
      const { file } = await files.send(inPrivate, new Blob([]), { name: 'empty' });
      expect(file.key === undefined).toBe(isOff);
      expect(file.type).toBe('application/octet-stream');
      expect(await read(files, file)).toHaveLength(0);
    }
  });

  test('has an id and a key of its own each time', async () => {
    const { files } = setUp();
    const first = await files.send(inPrivate, blob, { name: 'a.png' });
    const second = await files.send(inPrivate, blob, { name: 'a.png' });
    expect(first.file.id).not.toBe(second.file.id);
    expect(first.file.key).not.toEqual(second.file.key);
  });

  test('that others would not take, or that cannot be sent, is not brought anywhere', async () => {
    const { fake, files, sent, unreachable } = setUp();
    const invalid = { kind: 'invalid-argument' };
    for (const name of ['', ' ', '..', 'a/b', 'a\\b', 'a\u0000b', 'x'.repeat(256)])
      await expect(files.send(inGroup, blob, { name })).rejects.toMatchObject(invalid);
    const typed = { name: 'a', type: 'text/html; charset=x' };
    await expect(files.send(inGroup, blob, typed)).rejects.toMatchObject(invalid);
    const thumbnail = new Uint8Array(limits.thumbnailBytesMax + 1);
    await expect(files.send(inGroup, blob, { name: 'a', thumbnail })).rejects.toMatchObject(
      invalid,
    );
    await expect(files.send({ to: 0 }, blob, { name: 'a' })).rejects.toMatchObject(invalid);
    unreachable.add(2);
    await expect(files.send(inPrivate, blob, { name: 'a' })).rejects.toMatchObject({
      kind: 'no-key',
    });
    expect([fake.calls, sent]).toEqual([[], []]);
  });
});

describe('an upload', () => {
  test('goes on at another route, and sends each chunk until it is there', async () => {
    const { fake, files } = setUp();
    const failed = new Set<string>();
    // One route is dead from the third chunk on, and every first attempt at the other fails.
    fake.fateOf = ({ what, route, number }) => {
      if (route === 'https://one')
        return what === 'begin' || number < 2 ? undefined : unavailable();
      const name = `${what} ${number}`;
      if (failed.has(name)) return undefined;
      failed.add(name);
      return new CimError('busy', undefined, { retryAfterMs: 1 });
    };
    const { file } = await files.send(inGroup, blob, { name: 'a.png' });
    expect((await read(files, file)).equals(plain)).toBe(true);
    const chunks = new Set(fake.callsTo('put').map(({ number }) => number));
    expect(chunks.size).toBe(Math.ceil(size / 400_000));
  });

  test('sends what turns out to be missing in the end, the very same bytes', async () => {
    const { fake, files } = setUp();
    let isLost = false;
    fake.fateOf = ({ what }) => {
      if (what === 'finish' && !isLost) {
        isLost = true;
        for (const { chunks } of fake.files.values()) chunks.delete(1);
      }
      return undefined;
    };
    const { file } = await files.send(inPrivate, blob, { name: 'a.png' });
    expect(fake.callsTo('put').filter(({ number }) => number === 1)).toHaveLength(2);
    expect(fake.callsTo('put').filter(({ number }) => number === 2)).toHaveLength(1);
    expect((await read(files, file)).equals(plain)).toBe(true);
  });

  test('ends with what a route refuses, and sends no message', async () => {
    const { fake, files, sent } = setUp();
    for (const kind of ['no-files', 'file-too-large', 'no-room-for-files'] as const) {
      fake.fateOf = () => new CimError(kind);
      await expect(files.send(inGroup, blob, { name: 'a' })).rejects.toMatchObject({ kind });
    }
    fake.fateOf = unavailable;
    fake.calls.length = 0;
    await expect(files.send(inGroup, blob, { name: 'a' })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    // At both routes.
    expect(fake.callsTo('begin')).toHaveLength(2 * limits.patientAttemptsMax);
    // As older routes answer.
    fake.fateOf = () => new CimError('not-found');
    await expect(files.send(inGroup, blob, { name: 'a' })).rejects.toMatchObject({
      kind: 'not-allowed',
    });
    expect(sent).toEqual([]);
  });

  test('ends when it is to, and with the client', async () => {
    for (const ending of ['signal', 'close'] as const) {
      const { fake, files, sent } = setUp();
      const controller = new AbortController();
      fake.fateOf = ({ what, number }) => {
        if (what !== 'put' || number < 2) return undefined;
        if (ending === 'signal') controller.abort(new Error('enough'));
        else files.stop();
        return unavailable();
      };
      const sending = files.send(inGroup, blob, { name: 'a', signal: controller.signal });
      const message = ending === 'signal' ? 'enough' : 'the client is closed';
      await expect(sending).rejects.toMatchObject({ message });
      expect(sent).toEqual([]);
      await waitUntil('it takes no room any more', () => fake.files.size === 0);
    }
  });

  test('that fails takes no room any more, and one that has arrived stays', async () => {
    const { fake, files } = setUp();
    fake.fateOf = ({ what }) => (what === 'finish' ? new CimError('bad-file') : undefined);
    const failing = files.send(inGroup, blob, { name: 'a' });
    await expect(failing).rejects.toMatchObject({ kind: 'bad-file' });
    await waitUntil('it is cancelled', () => fake.files.size === 0);
    fake.fateOf = () => undefined;
    await files.send(inGroup, blob, { name: 'a' });
    expect(fake.callsTo('cancel')).toHaveLength(1);
  });

  test('of a file that cannot be read any more says so', async () => {
    const { files } = setUp();
    const broken = {
      ...{ size: 10, type: '' },
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error('it has gone')) }),
    } as unknown as Blob;
    await expect(files.send(inGroup, broken, { name: 'a' })).rejects.toMatchObject({
      kind: 'invalid-argument',
    });
  });

  test('never sends other bytes in the place of sealed ones', async () => {
    const { fake, files } = setUp();
    const parts: string[] = [];
    let reads = 0;
    // Another content each time that it is read.
    const changing = {
      ...{ size: 10, type: '' },
      slice: () => ({ arrayBuffer: async () => new Uint8Array(10).fill(++reads).buffer }),
    } as unknown as Blob;
    fake.fateOf = ({ what }) => {
      for (const { chunks } of fake.files.values())
        for (const chunk of chunks.values()) parts.push(Buffer.from(chunk).toString('hex'));
      return what === 'finish' ? new CimError('incomplete-file') : undefined;
    };
    const real = fake.post.bind(fake);
    fake.post = (...call) => {
      for (const { chunks } of fake.files.values()) chunks.clear();
      return real(...call);
    };
    await expect(files.send(inPrivate, changing, { name: 'a' })).rejects.toMatchObject({
      kind: 'invalid-argument',
      message: 'the file has changed while it was sent',
    });
    expect(new Set(parts).size).toBeLessThanOrEqual(1);
  });
});

describe('a download', () => {
  async function there(target: Target) {
    const ready = setUp();
    const { file } = await ready.files.send(target, blob, { name: 'a.png' });
    ready.fake.calls.length = 0;
    return { ...ready, file };
  }

  test.each([
    ['in private', inPrivate],
    ['in a group', inGroup],
  ])('goes on where it was, at another route: %s', async (_, target) => {
    const { fake, files, file } = await there(target);
    let cuts = 0;
    fake.fateOf = ({ route }) => {
      if (route === 'https://one') return unavailable();
      cuts += 1;
      return cuts < 6 ? { cutAfter: 300_000 * cuts } : undefined;
    };
    expect((await read(files, file)).equals(plain)).toBe(true);
    const asked = fake.callsTo('get').map(({ number }) => number);
    if (target === inPrivate) for (const at of asked) expect(at % sealedPieceBytes).toBe(0);
    else expect(asked).toContain(300_000);
    expect(Math.max(...asked)).toBeGreaterThan(limits.filePieceBytes);
  });

  test('leaves a route that begins and gets no further', async () => {
    const { fake, files, file } = await there(inPrivate);
    fake.fateOf = ({ route }) => (route === 'https://one' ? { cutAfter: 500_000 } : undefined);
    expect((await read(files, file)).equals(plain)).toBe(true);
    expect(new Set(fake.callsTo('get').map(({ route }) => route)).size).toBe(2);
  });

  test('that gets no further ends, and ends when it is to', async () => {
    const { fake, files, file } = await there(inPrivate);
    // Less than a piece each time.
    fake.fateOf = () => ({ cutAfter: 500_000 });
    await expect(read(files, file)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(fake.callsTo('get')).toHaveLength(limits.patientAttemptsMax);
    const controller = new AbortController();
    fake.fateOf = () => {
      controller.abort(new Error('enough'));
      return unavailable();
    };
    const { signal } = controller;
    await expect(read(files, file, { signal })).rejects.toMatchObject({ message: 'enough' });
    files.stop();
    fake.fateOf = () => undefined;
    await expect(read(files, file)).rejects.toMatchObject({ message: 'the client is closed' });
  });

  test('of what was sealed gives nothing that was altered', async () => {
    const { fake, files, file } = await there(inPrivate);
    const lies: ((bytes: Uint8Array) => Uint8Array)[] = [
      (bytes) => bytes.with(sealedPieceBytes + 5, bytes[sealedPieceBytes + 5]! ^ 1),
      (bytes) => bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1),
      // The second piece twice, and pieces in another order.
      (bytes) => swapped(bytes, 0, 1),
      (bytes) => bytes.copyWithin(0, sealedPieceBytes, 2 * sealedPieceBytes),
    ];
    for (const lie of lies) {
      fake.given = (bytes) => lie(Uint8Array.from(bytes));
      const got: Uint8Array[] = [];
      const reading = async () => {
        for await (const chunk of files.open(file, {})) got.push(chunk);
      };
      await expect(reading()).rejects.toMatchObject({ kind: 'damaged-file' });
      const bytes = Buffer.concat(got);
      expect(bytes.equals(plain.subarray(0, bytes.length))).toBe(true);
      expect(bytes.length).toBeLessThan(plain.length);
    }
  });

  test('that is another file, shorter or longer, is damaged', async () => {
    const { fake, files, file } = await there(inGroup);
    const lies: ((bytes: Uint8Array) => Uint8Array)[] = [
      (bytes) => bytes.with(5, bytes[5]! ^ 1),
      (bytes) => bytes.subarray(1),
      (bytes) => new Uint8Array([...bytes, 0]),
    ];
    for (const lie of lies) {
      fake.given = lie;
      await expect(read(files, file)).rejects.toMatchObject({ kind: 'damaged-file' });
    }
    const real = fake.transport.get;
    fake.given = (bytes) => bytes;
    // It says one length and has another.
    fake.transport.get = async (...call) => {
      const { first, total, stream } = await real(...call);
      return { first, total, stream: twice(stream) };
    };
    await expect(read(files, file)).rejects.toMatchObject({ kind: 'damaged-file' });
  });

  test('of a file that is not kept any more, or of none, says so', async () => {
    const { fake, files, file } = await there(inGroup);
    const strangers = [
      { ...file, capability: 'x'.repeat(22) },
      { ...file, id: 'x'.repeat(22) },
    ];
    for (const each of strangers)
      await expect(read(files, each)).rejects.toMatchObject({ kind: 'unknown-file' });
    for (const each of fake.files.values()) each.isFinished = false;
    await expect(read(files, file)).rejects.toMatchObject({ kind: 'unknown-file' });
    await expect(read(files, { ...file, id: '../x' })).rejects.toMatchObject({
      kind: 'invalid-argument',
    });
  });

  test('is asked for as it is taken', async () => {
    const { fake, files, file } = await there(inPrivate);
    const stream = files.open(file, {});
    expect(fake.calls).toEqual([]);
    await stream.next();
    await stream.return();
    expect(fake.calls).toHaveLength(1);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });
});

function swapped(bytes: Uint8Array, one: number, other: number): Uint8Array {
  const first = bytes.slice(one * sealedPieceBytes, (one + 1) * sealedPieceBytes);
  bytes.copyWithin(
    one * sealedPieceBytes,
    other * sealedPieceBytes,
    (other + 1) * sealedPieceBytes,
  );
  bytes.set(first, other * sealedPieceBytes);
  return bytes;
}

async function* twice(stream: AsyncIterable<Uint8Array>) {
  for await (const chunk of stream) yield* [chunk, chunk];
}
