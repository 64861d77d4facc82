/** The state folder, with real files and a real second process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { folderStorage } from '../../../../src/client/sdk/node/folder-storage.ts';
import type { DeviceStore } from '../../../../src/client/sdk/platform.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitUntil } from '../../../support/wait-until.ts';

async function openFolder(folder: string): Promise<DeviceStore> {
  const opening = await folderStorage(folder).open();
  if (opening.status !== 'opened') throw new Error(opening.status);
  return opening.store;
}

/** A process that takes the lock as we do, and keeps it until it is killed. */
async function lockElsewhere(folder: string) {
  const script = `
    const { DatabaseSync } = require('node:sqlite');
    const lock = new DatabaseSync(${JSON.stringify(join(folder, 'lock'))});
    lock.exec('BEGIN EXCLUSIVE');
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTeardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

describe('the state', () => {
  test('is one file for its owner alone, replaced as a whole', async () => {
    const folder = join(temporaryFolder(), 'deep', 'er');
    const store = await openFolder(folder);
    expect(await store.load()).toBeUndefined();
    await store.save('one');
    await store.save('two');
    expect(await store.load()).toBe('two');
    expect(readdirSync(folder).sort()).toEqual(['lock', 'state.json']);
    expect(statSync(join(folder, 'state.json')).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await store.close();
  });

  test('survives a crash in the middle of a save', async () => {
    const folder = temporaryFolder();
    const store = await openFolder(folder);
    await store.save('whole');
    writeFileSync(join(folder, 'state.json.new'), 'ha');
    expect(await store.load()).toBe('whole');
    await store.save('again');
    expect(readFileSync(join(folder, 'state.json'), 'utf8')).toBe('again');
    await store.close();
  });
});

describe('the lock', () => {
  test('keeps others out, in this process and in another', async () => {
    const folder = temporaryFolder();
    const store = await openFolder(folder);
    const storage = folderStorage(folder);
    await expect(storage.open()).resolves.toEqual({ status: 'in-use' });
    await store.close();
    await lockElsewhere(folder);
    await expect(storage.open()).resolves.toEqual({ status: 'in-use' });
  });

  test('dies with a process that is killed', async () => {
    const folder = temporaryFolder();
    const child = await lockElsewhere(folder);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await waitUntil('the lock is free', async () => {
      const opening = await folderStorage(folder).open();
      if (opening.status !== 'opened') return false;
      await opening.store.close();
      return true;
    });
  });
});

describe('a place that cannot be used', () => {
  test('is said to be one, with the reason', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const opening = await folderStorage(join(file, 'state')).open();
    expect(opening).toEqual({
      status: 'unusable',
      reason: expect.stringMatching(/ENOTDIR|EEXIST/),
    });
  });

  test('also below a folder that takes no other', async () => {
    await expect(folderStorage('/proc/nobody/state').open()).resolves.toMatchObject({
      status: 'unusable',
    });
  });

  test('also when only the lock cannot be made', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'lock'));
    const opening = await folderStorage(folder).open();
    expect(opening.status).toBe('unusable');
  });
});
