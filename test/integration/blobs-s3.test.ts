/** Bytes of files in an S3: what it keeps, what it refuses, and what becomes of uploads while it is away. */
import { existsSync, readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { CimError } from '../../src/base/errors.ts';
import { openBlobs } from '../../src/files/open-blobs.ts';
import { S3Blobs } from '../../src/files/s3/s3-blobs.ts';
import { all, describeBlobs, inPieces } from '../contract/blobs.ts';
import { sha256 } from '../support/file-uploads.ts';
import { TestS3 } from '../support/s3.ts';

describeBlobs('in an S3', async () => {
  const s3 = await TestS3.start();
  const blobs = S3Blobs.open({ url: `${s3.url}/`, ...s3.options });
  const stored = () =>
    existsSync(s3.folder)
      ? readdirSync(s3.folder, { recursive: true, encoding: 'utf8' })
          .filter((name) => name.includes('/'))
          .toSorted()
      : [];
  return { blobs, stored };
});

const bytes = Buffer.from('some bytes');
const content = { bytes: bytes.length, sha256: sha256(bytes) };
const blob = { file: 'ab12', part: '0-x' };

describe('an S3 that', () => {
  let s3: TestS3;
  beforeAll(async () => {
    s3 = await TestS3.start();
  });

  test('knows another secret refuses everything, and that is told without it', async () => {
    const blobs = S3Blobs.open({ url: s3.url, ...s3.options, secret: 'another secret' });
    const refused = {
      kind: 'busy',
      message: 'the S3 for files refuses (403 SignatureDoesNotMatch)',
    };
    await expect(blobs.put(blob, inPieces(bytes), content)).rejects.toMatchObject(refused);
    await expect(blobs.remove('ab12')).rejects.toMatchObject(refused);
    expect(blobs.problem).toBe(refused.message);
    await blobs.probe();
    expect(blobs.problem).toBe(refused.message);
  });

  test('does not have the bucket has lost nothing', async () => {
    const blobs = S3Blobs.open({ url: s3.url, ...s3.options, bucket: 'another' });
    await expect(blobs.read(blob, 0, 1)).rejects.toMatchObject({ kind: 'busy' });
    expect(blobs.problem).toContain('bucket');
  });

  test('gets other bytes than were said keeps nothing', async () => {
    const blobs = S3Blobs.open({ url: s3.url, ...s3.options });
    const wrong = { ...content, sha256: sha256(Buffer.from('others')) };
    await expect(blobs.put(blob, inPieces(bytes), wrong)).rejects.toMatchObject({ kind: 'busy' });
    expect(await blobs.read(blob, 0, 1)).toBeNull();
  });

  test('is killed has what it took, and serves again when it is back', async () => {
    const blobs = S3Blobs.open({ url: s3.url, ...s3.options });
    await blobs.put(blob, inPieces(bytes), content);
    async function* killing() {
      yield bytes.subarray(0, 5);
      await s3.kill();
      yield bytes.subarray(5);
    }
    const other = { ...blob, part: '1-x' };
    await expect(blobs.put(other, killing(), content)).rejects.toMatchObject({ kind: 'busy' });
    expect(blobs.problem).toBe('the S3 for files does not answer');
    await expect(blobs.read(blob, 0, 1)).rejects.toMatchObject({ kind: 'busy' });
    await blobs.probe();
    expect(blobs.problem).toBe('the S3 for files does not answer');
    await s3.start();
    await blobs.probe();
    expect(blobs.problem).toBeNull();
    expect((await all(await blobs.read(blob, 0, bytes.length))).equals(bytes)).toBe(true);
    expect(await blobs.read(other, 0, 1)).toBeNull();
    await blobs.put(other, inPieces(bytes), content);
  });
});

test.each([
  [{ s3Url: 'ftp://a', s3Bucket: 'files', s3Key: 'k', s3Secret: 's' }, 's3-url'],
  [{ s3Url: 'nothing', s3Bucket: 'files', s3Key: 'k', s3Secret: 's' }, 's3-url'],
  [{ s3Url: 'http://a:b@c', s3Bucket: 'files', s3Key: 'k', s3Secret: 's' }, 's3-url'],
  [{ s3Url: 'http://a', s3Bucket: '../x', s3Key: 'k', s3Secret: 's' }, 's3-bucket'],
  [{ s3Url: 'http://a', s3Bucket: 'files' }, 's3-key'],
])('settings that make no sense: %j', async (settings, told) => {
  const opening = openBlobs(settings);
  await expect(opening).rejects.toBeInstanceOf(CimError);
  await expect(opening).rejects.toThrow(told);
});
