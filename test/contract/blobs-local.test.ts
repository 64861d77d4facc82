/** Bytes of files in a folder. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { CimError } from '../../src/base/errors.ts';
import { LocalBlobs } from '../../src/files/local/local-blobs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeBlobs, inPieces } from './blobs.ts';

describeBlobs('in a folder', async () => {
  const folder = join(temporaryFolder('files'), 'not', 'there', 'yet');
  const blobs = LocalBlobs.open(folder);
  return { blobs, stored: () => filesIn(folder) };
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name))
    .toSorted();
}

test('nobody else may read it', async () => {
  const folder = join(temporaryFolder('files'), 'own');
  const bytes = Buffer.from('abc');
  await LocalBlobs.open(folder).put({ file: 'ab12', part: '0-x' }, inPieces(bytes));
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const path of ['.', ...all]) expect(statSync(join(folder, path)).mode & 0o077).toBe(0);
});

test.each(['/proc/x/files', '/dev/null/files'])('%s cannot be used, and that is told', (folder) => {
  expect(() => LocalBlobs.open(folder)).toThrow(CimError);
  expect(() => LocalBlobs.open(folder)).toThrow('the folder for files cannot be used');
});
