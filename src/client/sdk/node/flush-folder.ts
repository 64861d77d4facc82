/** The name of a file is as lasting as the folder that holds it. */
import { open } from 'node:fs/promises';

/** Resolves when a rename or a new name in this folder would survive a power failure. */
export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
