// Goal: native code is loaded from the first folder that lets it be; where none does, one line says
// what to set. Method: the ZooKeeper client's library, as it was built, and folders that cannot be had.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { foldersToTry, loadAddon } from '../../../../src/base/process/native-addon.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const addon = readFileSync('node_modules/zookeeper/build/Release/zookeeper.node');

test('the first folder that can be used is, and nothing stays in it', () => {
  const [missing, used] = [join(temporaryFolder(), 'missing'), temporaryFolder()];
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(loadAddon('zookeeper.node', addon, [missing, file, used])).toHaveProperty('ZooKeeper');
  expect(readdirSync(used)).toEqual([]);
});

test('without any it says what to set, and what is wrong with each', () => {
  const [missing, full] = [join(temporaryFolder(), 'missing'), temporaryFolder()];
  mkdirSync(join(full, 'others'));
  const load = () => loadAddon('zookeeper.node', Buffer.from('no library'), [missing, full, full]);
  expect(load).toThrow(
    expect.objectContaining({
      kind: 'bad-config',
      message: expect.stringMatching(
        new RegExp(`^TMPDIR: set it to .*: ${missing}: .*ENOENT[^;]*; ${full}: [^;]*$`),
      ),
    }),
  );
  expect(readdirSync(full)).toEqual(['others']);
});

test('folders are tried that are often left to a process that may write little', () => {
  const folders = foldersToTry({ CIM_DATA: '/data', XDG_RUNTIME_DIR: '/run/user/7' });
  expect(folders.slice(1, 5)).toEqual(['/data', '/run/user/7', '/var/tmp', '/dev/shm']);
  expect(foldersToTry({})).not.toContain('');
});

test('what was installed beside the executable is used, unless it is of another version', () => {
  const [installed, folder] = [temporaryFolder(), temporaryFolder()];
  const [same, other] = [join(installed, 'zookeeper.node'), join(installed, 'other.node')];
  writeFileSync(same, addon);
  writeFileSync(other, addon.subarray(1));
  expect(loadAddon('zookeeper.node', addon, [], same)).toHaveProperty('ZooKeeper');
  expect(() => loadAddon('zookeeper.node', addon, [], other)).toThrow(/TMPDIR/);
  expect(loadAddon('zookeeper.node', addon, [folder], other)).toHaveProperty('ZooKeeper');
});
