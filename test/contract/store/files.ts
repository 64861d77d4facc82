/** What is known of files. What takes hours is in the tests of each store: expiring, and being removed. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { FileRoom, Files, Upload } from '../../../src/store/files.ts';
import type { Store } from '../../../src/store/store.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId } from './users.ts';

const room: FileRoom = {
  ...{ userBytesMax: 1e12, allBytesMax: 1e13 },
  ...{ userUnfinishedBytesMax: 1e12, allUnfinishedBytesMax: 1e13 },
};
const hour = 3_600_000;
let lastFile = 0;

function nextUpload(fields: Partial<Upload> = {}): Upload {
  lastFile += 1;
  return {
    id: `${String(lastFile).padStart(6, '0')}-ABCDEF_ghijklm`,
    owner: nextUserId(),
    bytes: 20_000_000,
    type: 'image/png',
    sha256: 'ab'.repeat(32),
    capability: `capability of ${lastFile}`,
    ...fields,
  };
}

const hash = (digit: string) => digit.repeat(64);

/** What is counted is of the whole store, so each test has one of its own. */
export function describeFiles(fixture: StoreFixture): void {
  let store: Store;
  let files: Files;
  beforeEach(async () => {
    store = await fixture.openStore();
    files = store.files;
  });

  const begun = async (fields: Partial<Upload> = {}) => {
    const upload = nextUpload(fields);
    expect(await files.begin(upload, room)).toMatchObject({ status: 'begun' });
    return upload;
  };

  test('one that was begun is known, with what was said of it', async () => {
    const upload = nextUpload();
    const before = await store.sessions.now();
    const answer = await files.begin(upload, room);
    const after = await store.sessions.now();
    expect(answer).toMatchObject({ status: 'begun', file: { ...upload, isFinished: false } });
    const found = await files.find(upload.id);
    expect(found).toMatchObject({ ...upload, isFinished: false, parts: new Map() });
    expect(found?.expiresAt).toBeGreaterThanOrEqual(before + limits.fileIdleMs);
    expect(found?.expiresAt).toBeLessThanOrEqual(after + limits.fileIdleMs);
    expect(await files.find(nextUpload().id)).toBeNull();
  });

  test('beginning again goes on, with the capability of the first time', async () => {
    const upload = await begun();
    await files.keepPart(upload.id, 1, hash('a'));
    const again = await files.begin({ ...upload, capability: 'another' }, room);
    const { capability } = upload;
    const parts = new Map([[1, hash('a')]]);
    expect(again).toMatchObject({ status: 'begun', file: { capability, parts } });
    expect(await files.usage()).toMatchObject({ files: 1, bytes: upload.bytes });
  });

  test('an id is one file’s: another owner, size, type or hash is refused', async () => {
    const upload = await begun();
    const taken = { status: 'taken' };
    expect(await files.begin({ ...upload, owner: upload.owner + 1 }, room)).toEqual(taken);
    expect(await files.begin({ ...upload, bytes: 1 }, room)).toEqual(taken);
    expect(await files.begin({ ...upload, type: 'image/gif' }, room)).toEqual(taken);
    expect(await files.begin({ ...upload, sha256: hash('c') }, room)).toEqual(taken);
    expect(await files.find(upload.id)).toMatchObject(upload);
  });

  test('begun many times at once, it exists once', async () => {
    const upload = nextUpload();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        files.begin({ ...upload, capability: `c${index}` }, room),
      ),
    );
    const capabilities = answers.map((answer) =>
      answer.status === 'begun' ? answer.file.capability : answer.status,
    );
    expect(new Set(capabilities).size).toBe(1);
    expect(await files.usage()).toMatchObject({ files: 1 });
  });

  test('parts come in any order and again, and never with other bytes', async () => {
    const { id } = await begun();
    expect(await files.keepPart(id, 2, hash('c'))).toBe('kept');
    expect(await files.keepPart(id, 0, hash('a'))).toBe('kept');
    expect(await files.keepPart(id, 0, hash('a'))).toBe('kept');
    expect(await files.keepPart(id, 0, hash('b'))).toBe('taken');
    expect((await files.find(id))?.parts).toEqual(
      new Map([
        [2, hash('c')],
        [0, hash('a')],
      ]),
    );
    expect(await files.keepPart(nextUpload().id, 0, hash('a'))).toBe('unknown');
  });

  test('of many parts that come at once with one number, one is kept', async () => {
    const { id } = await begun();
    const hashes = [...'0123456789abcdef'].map(hash);
    const keepings = await Promise.all(hashes.map((sha256) => files.keepPart(id, 0, sha256)));
    const kept = hashes.filter((_, index) => keepings[index] === 'kept');
    expect(kept).toHaveLength(1);
    expect((await files.find(id))?.parts.get(0)).toBe(kept[0]);
  });

  test('a part that is damaged has to come again, unless another has come meanwhile', async () => {
    const { id } = await begun();
    await files.keepPart(id, 0, hash('a'));
    await files.dropPart(id, 0, hash('b'));
    expect((await files.find(id))?.parts.size).toBe(1);
    await files.dropPart(id, 0, hash('a'));
    expect((await files.find(id))?.parts.size).toBe(0);
    expect(await files.keepPart(id, 0, hash('b'))).toBe('kept');
    await files.dropPart(nextUpload().id, 0, hash('a'));
  });

  test('it is finished with the parts that were looked at, and then never changes', async () => {
    const { id } = await begun();
    await files.keepPart(id, 0, hash('a'));
    await files.keepPart(id, 1, hash('b'));
    const changed = { status: 'changed' };
    expect(await files.finish(id, [hash('a')], hour)).toEqual(changed);
    expect(await files.finish(id, [hash('b'), hash('a')], hour)).toEqual(changed);
    expect(await files.finish(id, [hash('a'), hash('b'), hash('c')], hour)).toEqual(changed);
    expect(await files.find(id)).toMatchObject({ isFinished: false });

    const before = await store.sessions.now();
    const finished = await files.finish(id, [hash('a'), hash('b')], hour);
    const found = await files.find(id);
    expect(finished).toEqual({ status: 'finished', expiresAt: found?.expiresAt });
    expect(found?.isFinished).toBe(true);
    expect(found?.expiresAt).toBeGreaterThanOrEqual(before + hour);
    expect(await files.finish(id, [hash('a'), hash('b')], 2 * hour)).toEqual(finished);
    expect(await files.keepPart(id, 0, hash('c'))).toBe('finished');
    await files.dropPart(id, 0, hash('a'));
    expect((await files.find(id))?.parts.get(0)).toBe(hash('a'));
    expect(await files.finish(nextUpload().id, [], hour)).toEqual({ status: 'unknown' });
  });

  test('one without bytes has no parts', async () => {
    const { id } = await begun({ bytes: 0 });
    expect(await files.finish(id, [], hour)).toMatchObject({ status: 'finished' });
    expect(await files.find(id)).toMatchObject({ isFinished: true, bytes: 0 });
  });

  test('a large record comes whole', async () => {
    const { id } = await begun({ bytes: limits.fileBytesCeiling });
    const count = limits.fileBytesCeiling / limits.fileChunkBytes;
    const hashes = Array.from({ length: count }, (_, number) =>
      number.toString(16).padStart(64, '0'),
    );
    for (const [number, sha256] of hashes.entries()) await files.keepPart(id, number, sha256);
    expect(await files.finish(id, hashes, hour)).toMatchObject({ status: 'finished' });
    expect((await files.find(id))?.parts.size).toBe(count);
  });

  describe('one that is cancelled', () => {
    const small = limits.fileCountedBytesMin;

    test('is known to nobody any more, and counts as the smallest file until it is removed', async () => {
      const upload = await begun({ bytes: 1_000_000 });
      const { id, owner } = upload;
      const other = await begun({ owner, bytes: 500_000 });
      await files.keepPart(id, 0, hash('a'));
      expect(await files.cancel(id)).toBe('cancelled');
      expect(await files.find(id)).toBeNull();
      expect(await files.keepPart(id, 0, hash('a'))).toBe('unknown');
      expect(await files.finish(id, [hash('a')], hour)).toEqual({ status: 'unknown' });
      expect(await files.cancel(id)).toBe('unknown');
      expect(await files.begin(upload, room)).toEqual({ status: 'taken' });
      const counted = { files: 2, bytes: 500_000 + small, unfinishedBytes: 500_000 + small };
      expect(await files.usage()).toEqual({ ...counted, owners: [{ userId: owner, ...counted }] });
      // A part of it may still be on its way.
      expect(await files.leaseExpired(10, hour)).toEqual([]);
      await files.remove([upload]);
      await files.remove([other]);
      const none = { files: 0, bytes: 0, unfinishedBytes: 0, owners: [] };
      expect(await files.usage()).toEqual(none);
    });

    test('is no finished one: that stays', async () => {
      const { id } = await begun({ bytes: 0 });
      await files.finish(id, [], hour);
      expect(await files.cancel(id)).toBe('finished');
      expect(await files.find(id)).not.toBeNull();
      expect(await files.cancel(nextUpload().id)).toBe('unknown');
    });
  });

  describe('room', () => {
    const small = limits.fileCountedBytesMin;

    test('is bounded for each user, and freed when a file is removed', async () => {
      const owner = nextUserId();
      const bounds = { ...room, userBytesMax: 3 * small };
      const first = nextUpload({ owner, bytes: 2 * small });
      expect(await files.begin(first, bounds)).toMatchObject({ status: 'begun' });
      const second = nextUpload({ owner, bytes: 2 * small });
      expect(await files.begin(second, bounds)).toEqual({ status: 'no-room', of: 'user' });
      expect(await files.find(second.id)).toBeNull();
      // What it has begun may always go on.
      expect(await files.begin(first, bounds)).toMatchObject({ status: 'begun' });
      const others = nextUpload({ bytes: 2 * small });
      expect(await files.begin(others, bounds)).toMatchObject({ status: 'begun' });
      await files.remove([first]);
      expect(await files.begin(second, bounds)).toMatchObject({ status: 'begun' });
    });

    test('is bounded for all together', async () => {
      const bounds = { ...room, allBytesMax: 3 * small };
      expect(await files.begin(nextUpload({ bytes: 2 * small }), bounds)).toMatchObject({
        status: 'begun',
      });
      const full = { status: 'no-room', of: 'all' };
      expect(await files.begin(nextUpload({ bytes: 2 * small }), bounds)).toEqual(full);
      expect(await files.begin(nextUpload({ bytes: small }), bounds)).toMatchObject({
        status: 'begun',
      });
    });

    test('of what is not finished is bounded for itself, for each user and for all', async () => {
      const bounds = {
        ...room,
        userUnfinishedBytesMax: 2 * small,
        allUnfinishedBytesMax: 3 * small,
      };
      const owner = nextUserId();
      const [one, two] = [nextUpload({ owner, bytes: 0 }), nextUpload({ owner, bytes: 0 })];
      for (const upload of [one, two])
        expect(await files.begin(upload, bounds)).toMatchObject({ status: 'begun' });
      const more = nextUpload({ owner, bytes: 0 });
      const full = { status: 'no-room', of: 'user-unfinished' };
      expect(await files.begin(more, bounds)).toEqual(full);
      // What is finished leaves its room to others, as does what is removed.
      await files.finish(one.id, [], hour);
      await files.finish(one.id, [], hour);
      expect(await files.begin(more, bounds)).toMatchObject({ status: 'begun' });
      await files.remove([one, two]);
      expect(await files.usage()).toMatchObject({ files: 1, unfinishedBytes: small });
      const others = () => files.begin(nextUpload({ bytes: 0 }), bounds);
      for (let count = 0; count < 2; count += 1)
        expect(await others()).toMatchObject({ status: 'begun' });
      expect(await others()).toEqual({ status: 'no-room', of: 'all-unfinished' });
    });

    test('a small file counts as one that costs what its record does', async () => {
      const owner = nextUserId();
      const bounds = { ...room, userBytesMax: 2 * small };
      for (const bytes of [0, 1])
        expect(await files.begin(nextUpload({ owner, bytes }), bounds)).toMatchObject({
          status: 'begun',
        });
      const more = nextUpload({ owner, bytes: 0 });
      expect(await files.begin(more, bounds)).toEqual({ status: 'no-room', of: 'user' });
    });

    test('of many who begin at once no more get in than there is room for', async () => {
      const owner = nextUserId();
      const bounds = { ...room, userBytesMax: 5 * small };
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => files.begin(nextUpload({ owner, bytes: 1 }), bounds)),
      );
      expect(answers.filter(({ status }) => status === 'begun')).toHaveLength(5);
    });
  });

  test('who has how much is told, those with most first', async () => {
    const none = { files: 0, bytes: 0, unfinishedBytes: 0, owners: [] };
    expect(await files.usage()).toEqual(none);
    const [one, other] = [nextUserId(), nextUserId()];
    const first = await begun({ owner: one, bytes: 100_000 });
    const { id } = await begun({ owner: one, bytes: 0 });
    await files.finish(id, [], hour);
    await begun({ owner: other, bytes: 1_000_000 });
    const small = limits.fileCountedBytesMin;
    expect(await files.usage()).toEqual({
      files: 3,
      bytes: 1_100_000 + small,
      unfinishedBytes: 1_100_000,
      owners: [
        { userId: other, files: 1, bytes: 1_000_000, unfinishedBytes: 1_000_000 },
        { userId: one, files: 2, bytes: 100_000 + small, unfinishedBytes: 100_000 },
      ],
    });
    await files.remove([first]);
    await files.remove([first]);
    expect(await files.usage()).toEqual({
      files: 2,
      bytes: 1_000_000 + small,
      unfinishedBytes: 1_000_000,
      owners: [
        { userId: other, files: 1, bytes: 1_000_000, unfinishedBytes: 1_000_000 },
        { userId: one, files: 1, bytes: small, unfinishedBytes: 0 },
      ],
    });
    expect(await files.find(first.id)).toBeNull();
  });

  test('all of a user expire at once: nobody gets them, and they count until they are removed', async () => {
    const owner = nextUserId();
    const [finished, unfinished, others] = [
      await begun({ owner, bytes: 0 }),
      await begun({ owner }),
      await begun(),
    ];
    await files.finish(finished.id, [], hour);
    await files.expireOf(owner);
    await files.expireOf(nextUserId());
    expect(await files.find(finished.id)).toBeNull();
    expect(await files.find(unfinished.id)).toBeNull();
    expect(await files.find(others.id)).not.toBeNull();
    expect(await files.keepPart(unfinished.id, 0, hash('a'))).toBe('unknown');
    expect(await files.finish(finished.id, [], hour)).toEqual({ status: 'unknown' });
    // Its id stays its own until then.
    expect(await files.begin(unfinished, room)).toEqual({ status: 'taken' });
    expect(await files.usage()).toMatchObject({ files: 3 });
    // A part of it may still be on its way.
    expect(await files.leaseExpired(10, hour)).toEqual([]);
  });

  test('those of an account that is deleted expire', async () => {
    const owner = nextUserId();
    await store.accounts.register({ userId: owner, name: `Name${owner}`, verifier: hash('a') });
    const { id } = await begun({ owner });
    await store.deletions.begin(owner);
    await store.deletions.finish(owner);
    expect(await files.find(id)).toBeNull();
  });
}
