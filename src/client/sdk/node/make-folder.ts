/** A folder for its owner's eyes only; one that is there and is somebody else's is refused. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { assertPrivateFolder } from '../../../base/secrets/private-file.ts';

/**
 * With the folders above it. Not by mkdir's `recursive`, which never returns where a folder is
 * there and takes no other (`/proc`).
 */
export async function makeFolder(
  folder: string,
  isInFolder = false,
  isAbove = false,
): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return isAbove ? undefined : assertPrivateFolder(folder);
    if (code !== 'ENOENT' || isInFolder) throw error;
    await makeFolder(dirname(folder), false, true);
    await makeFolder(folder, true);
  }
}
