/**
 * The cluster secret of `cim dev`, in its data folder: whoever may read that is its operator, so
 * `cim admin` of the same person needs no flag, and nobody else gets in.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CimError, describeError } from '../errors.ts';
import { readPrivateText } from './private-file.ts';
import { drawSecret } from './secret.ts';

function fileIn(folder: string): string {
  return join(folder, 'cluster-secret');
}

/**
 * Draws it at the first use. The folder exists, and one process at a time uses it. Rejects with
 * `unavailable` if it cannot be written, on a full disk, say.
 */
export async function keepSecretFile(folder: string): Promise<string> {
  const kept = await readSecretFile(folder);
  if (kept !== undefined) return kept;
  const secret = drawSecret();
  try {
    await writeFile(fileIn(folder), `${secret}\n`, { mode: 0o600 });
  } catch (error) {
    const message = `${fileIn(folder)} cannot be written: ${describeError(error)}`;
    throw new CimError('unavailable', message, { cause: error });
  }
  return secret;
}

/**
 * Undefined if there is none that this user may read. Rejects with `bad-config` for one that belongs
 * to somebody else, or is for others too.
 */
export async function readSecretFile(folder: string): Promise<string | undefined> {
  try {
    const text = (await readPrivateText(fileIn(folder))).trim();
    return text === '' ? undefined : text;
  } catch (error) {
    // Whoever needs one says so, if there is just none.
    if (error instanceof CimError && error.cause !== undefined) return undefined;
    throw error;
  }
}
