import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { keepSecretFile, readSecretFile } from '../../../../src/base/secrets/secret-file.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

test('the secret is drawn once, and is for its owner alone', async () => {
  const folder = temporaryFolder('data');
  expect(await readSecretFile(folder)).toBeUndefined();
  const secret = await keepSecretFile(folder);
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(await keepSecretFile(folder)).toBe(secret);
  expect(await readSecretFile(folder)).toBe(secret);
  expect(statSync(join(folder, 'cluster-secret')).mode & 0o777).toBe(0o600);
});

test('a file that nothing was written to yet is none', async () => {
  const folder = temporaryFolder('data');
  writeFileSync(join(folder, 'cluster-secret'), '\n', { mode: 0o600 });
  expect(await keepSecretFile(folder)).toMatch(/^[\w-]{43}$/);
});

test('a place that cannot be written is named', async () => {
  const folder = join(temporaryFolder('data'), 'gone');
  await expect(keepSecretFile(folder)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining(join(folder, 'cluster-secret')),
  });
});
