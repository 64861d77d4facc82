/** What has expired is given to nobody, and an hour later its bytes and all that is known of it are gone. */
import { readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import { createLogger } from '../../../../src/base/log.ts';
import { Counters } from '../../../../src/base/process/counters.ts';
import type { BlobStore } from '../../../../src/files/blob-store.ts';
import { LocalBlobs } from '../../../../src/files/local/local-blobs.ts';
import { createFileCounters } from '../../../../src/route/files/file-counters.ts';
import { FileService } from '../../../../src/route/files/file-service.ts';
import { FileSweep } from '../../../../src/route/files/file-sweep.ts';
import { Database, inMemory } from '../../../../src/store/sqlite/database.ts';
import { SqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts';
import { drawFileId, peer, sha256 } from '../../../support/file-uploads.ts';
import { processBudget } from '../../../support/process-budget.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const dayMs = 24 * 3_600_000;
const hourMs = 3_600_000;

interface Surroundings {
  readonly refusal?: () => string | null;
  readonly wrap?: (blobs: BlobStore) => BlobStore;
}

function start({ refusal = () => null, wrap = (blobs) => blobs }: Surroundings = {}) {
  const clock = new VirtualClock();
  const log = createLogger('test', 'silent');
  const retention = { messagesMax: 100, ageMs: 1e9 };
  const store = new SqliteStore({ database: Database.open(inMemory), retention, clock });
  onTeardown(() => store.close());
  const folder = temporaryFolder('files');
  const blobs = wrap(LocalBlobs.open(folder));
  const counters = createFileCounters(new Counters());
  const { files } = store;
  const bounds = {
    ...{ fileBytesMax: 1e9, userBytesMax: 1e9, allBytesMax: 1e9, lifeMs: 3 * dayMs },
    ...{ userUnfinishedBytesMax: 1e9, allUnfinishedBytesMax: 1e9 },
  };
  const common = { files, blobs, refusal, log, clock };
  const service = new FileService({ ...common, bounds, budget: processBudget(clock), counters });
  const sweep = new FileSweep({ ...common, removed: counters.removed });
  sweep.start();
  onTeardown(() => sweep.stop());

  const upload = async (isWhole: boolean) => {
    const content = Buffer.from('some bytes');
    const hash = sha256(content);
    const id = drawFileId();
    const facts = { id, owner: 7, bytes: content.length, type: 'text/plain', sha256: hash };
    const { capability } = await service.begin(facts);
    const part = { id, number: 0, capability, sha256: hash, bytes: content.length, peer };
    await service.putPart({ ...part, body: () => Readable.from([content]) });
    if (isWhole) await service.finish(id, capability);
    return { id, capability };
  };
  /** So much time passes, and what is swept has been. */
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await clock.advance(limits.fileSweepMs);
  };
  const whenRemoved = (count: number) =>
    waitUntil('they are removed', async () => (counters.removed.value === count ? true : null));
  const stored = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .length;
  return { clock, files, service, upload, pass, whenRemoved, stored, counters, blobs };
}

/** `before`: each time that a file is to be removed. */
function removing(blobs: BlobStore, before: (file: string) => void): BlobStore {
  return {
    isLocal: true,
    problem: null,
    put: (...call) => blobs.put(...call),
    read: (...call) => blobs.read(...call),
    settle: (...call) => blobs.settle(...call),
    removePart: (name) => blobs.removePart(name),
    probe: () => blobs.probe(),
    async remove(file) {
      before(file);
      await blobs.remove(file);
    },
  };
}

test('unfinished ones end an hour after their last part, finished ones when their time is up', async () => {
  const { files, service, upload, pass, whenRemoved, stored } = start();
  const unfinished = await upload(false);
  const finished = await upload(true);
  expect(stored()).toBe(2);
  await pass(hourMs - 2 * limits.fileSweepMs);
  expect(await files.find(unfinished.id)).not.toBeNull();
  await pass(2 * limits.fileSweepMs);
  expect(await files.find(unfinished.id)).toBeNull();
  expect(stored()).toBe(2);
  await pass(hourMs);
  await whenRemoved(1);
  expect(stored()).toBe(1);
  expect(await files.usage()).toMatchObject({ files: 1 });

  await pass(3 * dayMs - 3 * hourMs);
  expect((await service.find(finished.id, finished.capability)).bytes).toBe(10);
  await pass(hourMs);
  await expect(service.find(finished.id, finished.capability)).rejects.toThrow(CimError);
  await pass(hourMs);
  await whenRemoved(2);
  expect(stored()).toBe(0);
  expect(await files.usage()).toMatchObject({ files: 0, bytes: 0, owners: [] });
});

test('each new part gives an upload an hour more, up to a day; the same one again does not', async () => {
  const { clock, files, service } = start();
  const bytes = 30 * limits.fileChunkBytes;
  const id = drawFileId();
  const sha = (number: number) => sha256(Buffer.from(`part ${number}`));
  await service.begin({ id, owner: 7, bytes, type: 'text/plain', sha256: sha(99) });
  const isKept = async () => (await files.find(id)) !== null;
  for (let number = 0; number < 25; number += 1) {
    expect(await isKept()).toBe(true);
    expect(await files.keepPart(id, number, sha(number))).toBe('kept');
    await clock.advance(hourMs - 1_000);
    if (number === 0) expect(await isKept()).toBe(true);
  }
  // A day is over.
  expect(await isKept()).toBe(false);

  const other = drawFileId();
  await service.begin({ id: other, owner: 7, bytes, type: 'text/plain', sha256: sha(99) });
  await files.keepPart(other, 0, sha(0));
  await clock.advance(hourMs / 2);
  await files.keepPart(other, 0, sha(0));
  await files.keepPart(other, 0, sha(1));
  await clock.advance(hourMs / 2);
  expect(await files.find(other)).toBeNull();
});

test('what cannot be removed now is removed later', async () => {
  let isBroken = true;
  const { upload, pass, whenRemoved, stored, files } = start({
    wrap: (blobs) =>
      removing(blobs, () => {
        if (isBroken) throw new CimError('busy');
      }),
  });
  await upload(false);
  await pass(2 * hourMs);
  expect(await files.usage()).toMatchObject({ files: 1 });
  isBroken = false;
  await pass(limits.fileSweepLeaseMs);
  await whenRemoved(1);
  expect(stored()).toBe(0);
});

test('a route that may not serve them removes none', async () => {
  let reason: string | null = null;
  const removed: string[] = [];
  const { upload, pass, stored, files, whenRemoved } = start({
    refusal: () => reason,
    wrap: (blobs) => removing(blobs, (file) => void removed.push(file)),
  });
  await upload(false);
  reason = 'another route has the folder';
  await expect(upload(false)).rejects.toThrow('another route has the folder');
  await pass(2 * hourMs);
  expect(removed).toEqual([]);
  expect(stored()).toBe(1);
  expect(await files.usage()).toMatchObject({ files: 1 });
  reason = null;
  await pass(0);
  await whenRemoved(1);
});
