/** What every place for the bytes of files guarantees (src/files/blob-store.ts). */
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { CimError } from '../../src/base/errors.ts';
import type { BlobName, BlobStore } from '../../src/files/blob-store.ts';
import { sha256 } from '../support/file-uploads.ts';

export interface OpenedBlobs {
  readonly blobs: BlobStore;
  /** Names of all that is there, unfinished things too, in order. */
  stored(): string[];
}

export function describeBlobs(name: string, open: () => Promise<OpenedBlobs>): void {
  describe(name, () => {
    let blobs: BlobStore;
    let stored: () => string[];
    beforeAll(async () => {
      ({ blobs, stored } = await open());
    });

    const fresh = (part = 'part-1', file = randomBytes(16).toString('hex')): BlobName => {
      return { file, part };
    };
    const put = (
      blob: BlobName,
      bytes: Buffer,
      pieces: AsyncIterable<Uint8Array> = inPieces(bytes),
    ) => blobs.put(blob, pieces, { bytes: bytes.length, sha256: sha256(bytes) });

    test('what was put is read, from any byte up to any other', async () => {
      const bytes = randomBytes(700_001);
      const blob = fresh();
      await put(blob, bytes);
      await blobs.settle(blob.file, [blob.part]);
      for (const [from, to] of [
        [0, bytes.length],
        [0, 1],
        [5, 300_000],
        [700_000, 700_001],
      ] as const)
        expect((await all(await blobs.read(blob, from, to))).equals(bytes.subarray(from, to))).toBe(
          true,
        );
      expect(blobs.problem).toBeNull();
    });

    test('what was never put is not there', async () => {
      expect(await blobs.read(fresh(), 0, 1)).toBeNull();
      const blob = fresh();
      await put(blob, Buffer.from('a'));
      expect(await blobs.read({ ...blob, part: 'part-2' }, 0, 1)).toBeNull();
      expect(await blobs.read({ ...blob, file: blob.file.toUpperCase() }, 0, 1)).toBeNull();
    });

    test('what breaks off leaves nothing, and what was there stays', async () => {
      const bytes = randomBytes(500_000);
      const blob = fresh();
      const before = stored();
      const broken = () => put(blob, bytes, breakingOff(bytes));
      await expect(broken()).rejects.toThrow('it broke off');
      expect(stored()).toEqual(before);
      expect(await blobs.read(blob, 0, 1)).toBeNull();
      await put(blob, bytes);
      await expect(broken()).rejects.toBeInstanceOf(CimError);
      expect((await all(await blobs.read(blob, 0, bytes.length))).equals(bytes)).toBe(true);
      // That was the sender's fault.
      expect(blobs.problem).toBeNull();
    });

    test('the last that was put under a name is there', async () => {
      const blob = fresh();
      await put(blob, Buffer.from('first'));
      await put(blob, Buffer.from('second'));
      expect(String(await all(await blobs.read(blob, 0, 6)))).toBe('second');
    });

    test('many at the same time', async () => {
      const parts = Array.from({ length: 20 }, (_, number) => {
        return { blob: fresh(`part-${number}`), bytes: randomBytes(100_000 + number) };
      });
      await Promise.all(parts.map(({ blob, bytes }) => put(blob, bytes)));
      const read = await Promise.all(
        parts.map(async ({ blob, bytes }) => all(await blobs.read(blob, 0, bytes.length))),
      );
      expect(read.every((bytes, index) => parts[index]?.bytes.equals(bytes))).toBe(true);
    });

    test('a part is removed, and a file with all its parts; neither need be there', async () => {
      const [one, other] = [fresh(), fresh()];
      const second = { ...one, part: 'part-2' };
      for (const blob of [one, second, other]) await put(blob, Buffer.from('abc'));
      await blobs.removePart(one);
      await blobs.removePart(one);
      expect(await blobs.read(one, 0, 3)).toBeNull();
      expect(String(await all(await blobs.read(second, 0, 3)))).toBe('abc');
      await put(one, Buffer.from('abc'));
      await blobs.remove(one.file);
      await blobs.remove(one.file);
      for (const blob of [one, second]) expect(await blobs.read(blob, 0, 3)).toBeNull();
      expect(String(await all(await blobs.read(other, 0, 3)))).toBe('abc');
    });

    test('it is well where nothing was wrong', async () => {
      await blobs.probe();
      expect(blobs.problem).toBeNull();
    });
  });
}

export async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 65_536) yield bytes.subarray(from, from + 65_536);
}

async function* breakingOff(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield* inPieces(bytes.subarray(0, 300_000));
  throw new CimError('bad-chunk', 'it broke off');
}

export async function all(stream: Readable | null): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream ?? []) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
