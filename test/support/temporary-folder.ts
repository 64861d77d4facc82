/**
 * Folders for what a test writes. Stores sync to disk before they acknowledge, and what a test writes need not
 * outlive the machine: it is kept in memory where there is much of it, in files all the same.
 */
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTeardown } from './teardown.ts';

/** A folder in memory, as Linux has it. */
const inMemory = '/dev/shm';
/** Free there at the least: a hundred suites write some 50 MB each, and a browser uses it as well. */
const freeBytesMin = 8 * 2 ** 30;

/** An empty folder of one's own; it is removed, with all that is in it, at teardown. */
export function temporaryFolder(name = 'test'): string {
  const folder = mkdtempSync(join(root, `cim-${name}-`));
  onTeardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

const root = hasRoomInMemory() ? inMemory : tmpdir();

function hasRoomInMemory(): boolean {
  if (process.platform !== 'linux') return false;
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[1] === inMemory);
  // Tests run what they have written there.
  if (!mount || mount.includes('noexec')) return false;
  const { bavail, bsize } = statfsSync(inMemory);
  return bavail * bsize >= freeBytesMin;
}
