/** Where secrets are kept, with real files and real processes. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { memorySecretKeeper } from '../../../../src/client/sdk/index.ts';
import {
  folderSecretKeeper,
  folderStorage,
} from '../../../../src/client/sdk/node/node-platform.ts';
import type { SecretKeeper } from '../../../../src/client/sdk/platform.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

describe.each([
  ['a folder', () => folderSecretKeeper(join(temporaryFolder(), 'deep', 'er'))],
  ['memory', memorySecretKeeper],
] as [string, () => SecretKeeper][])('kept in %s', (_, open) => {
  test('at first there is nothing', async () => {
    await expect(open().load()).resolves.toEqual({});
  });

  test('the first of several that are offered is kept', async () => {
    const keeper = open();
    const secrets = Array.from({ length: 20 }, (__, index) => `secret ${index}`);
    const kept = await Promise.all(secrets.map((secret) => keeper.offer('current', secret)));
    expect(new Set(kept).size).toBe(1);
    await expect(keeper.load()).resolves.toEqual({ current: kept[0] });
    await expect(keeper.offer('current', 'late')).resolves.toBe(kept[0]);
  });

  test('the next one takes the place of the present one when it is promoted, and only it', async () => {
    const keeper = open();
    await keeper.offer('current', 'one');
    await keeper.offer('next', 'two');
    await expect(keeper.load()).resolves.toEqual({ current: 'one', next: 'two' });
    await keeper.promote('three');
    await expect(keeper.load()).resolves.toEqual({ current: 'one', next: 'two' });
    await keeper.promote('two');
    await keeper.promote('two');
    await expect(keeper.load()).resolves.toEqual({ current: 'two' });
  });

  test('another one replaces what is kept, unless somebody else has replaced it', async () => {
    const keeper = open();
    await keeper.replace(undefined, 'one');
    await keeper.offer('next', 'two');
    await keeper.replace('not one', 'three');
    await expect(keeper.load()).resolves.toEqual({ current: 'one', next: 'two' });
    await keeper.replace('one', 'three');
    await expect(keeper.load()).resolves.toEqual({ current: 'three' });
  });
});

describe('the folder', () => {
  test('and the files are for their owner alone, and nothing is left beside them', async () => {
    const folder = join(temporaryFolder(), 'deep', 'er');
    const keeper = folderSecretKeeper(folder);
    await keeper.offer('current', 'one');
    await keeper.offer('current', 'late');
    await keeper.offer('next', 'two');
    expect(readdirSync(folder).sort()).toEqual(['secret-next.json', 'secret.json']);
    for (const name of readdirSync(folder))
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await keeper.promote('two');
    await keeper.replace('two', 'three');
    expect(readdirSync(folder)).toEqual(['secret.json']);
    expect(statSync(join(folder, 'secret.json')).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(join(folder, 'secret.json'), 'utf8'))).toEqual({
      version: 1,
      secret: 'three',
    });
  });

  test('is read while another process has the state in it', async () => {
    const folder = temporaryFolder();
    await expect(folderStorage(folder).open()).resolves.toMatchObject({ status: 'opened' });
    await folderSecretKeeper(folder).offer('current', 'one');
    await expect(folderSecretKeeper(folder).load()).resolves.toEqual({ current: 'one' });
  });

  test('of several processes at their first use has one secret', async () => {
    const folder = join(temporaryFolder(), 'new');
    const script = `
      import { folderSecretKeeper } from ${JSON.stringify(resolve('src/client/sdk/node/folder-secret-keeper.ts'))};
      console.log(await folderSecretKeeper(${JSON.stringify(folder)}).offer('current', 'of ' + process.pid));`;
    const run = promisify(execFile);
    const runs = await Promise.all(
      Array.from({ length: 4 }, () =>
        run(process.execPath, ['--input-type=module', '--eval', script]),
      ),
    );
    const kept = runs.map(({ stdout }) => stdout.trim());
    expect(new Set(kept).size).toBe(1);
    await expect(folderSecretKeeper(folder).load()).resolves.toEqual({ current: kept[0] });
  });

  test.each([
    ['{"version":1,"secret":"cim_abcdef'],
    ['"cim_abcdef"'],
    ['null'],
    ['{"version":2,"secret":"cim_abcdef"}'],
  ])('a file that holds %s is not passed over, and not quoted', async (text) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'secret.json'), text);
    const loaded = folderSecretKeeper(folder).load();
    await expect(loaded).rejects.toMatchObject({ kind: 'bad-config' });
    await expect(loaded).rejects.not.toThrow(/abcdef/);
  });

  test('that cannot be made holds nothing, and says so when something is to be kept', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const keeper = folderSecretKeeper(join(file, 'below'));
    await expect(keeper.load()).resolves.toEqual({});
    await expect(keeper.offer('current', 'one')).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});
