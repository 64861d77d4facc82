/** All bytes that an embedded store, and what is beside it, has on disk. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export function storedBytes(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
    .join('\n');
}
