/** Folders for what a test writes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTeardown } from './teardown.ts';

/** An empty folder of one's own; it is removed, with all that is in it, at teardown. */
export function temporaryFolder(name = 'test'): string {
  const folder = mkdtempSync(join(tmpdir(), `cim-${name}-`));
  onTeardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}
