/**
 * The cluster secret of `cim dev`, in its data folder: whoever may read that is its operator, so
 * `cim admin` of the same person needs no flag, and nobody else gets in.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawSecret } from './secret.ts';

function fileIn(folder: string): string {
  return join(folder, 'cluster-secret');
}

/** Draws it at the first use. The folder exists, and one process at a time uses it. */
export async function keepSecretFile(folder: string): Promise<string> {
  const kept = await readSecretFile(folder);
  if (kept !== undefined) return kept;
  const secret = drawSecret();
  await writeFile(fileIn(folder), `${secret}\n`, { mode: 0o600 });
  return secret;
}

/** Undefined if there is none that this user may read. */
export async function readSecretFile(folder: string): Promise<string | undefined> {
  try {
    const text = await readFile(fileIn(folder), 'utf8');
    return text.trim() === '' ? undefined : text.trim();
  } catch {
    // Whoever needs one says so.
    return undefined;
  }
}
