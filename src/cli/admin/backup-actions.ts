/** `cim admin backup` and `cim admin restore`: the embedded store of `cim dev`, as one file. */
import { constants } from 'node:fs';
import { copyFile, open, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CimError, describeError } from '../../base/errors.ts';
import type { AdminSettings } from '../../config/settings.ts';
import type { AdminResult, Ask } from './action.ts';

/** Longer than any store takes to be copied. */
const backupMsMax = 3_600_000;

/**
 * The route makes the copy in the folder of its store, as it alone knows the file; from there it is
 * taken by whoever may read that folder. So nobody has a route write where they like.
 */
export async function backUp(ask: Ask, target: string): Promise<AdminResult> {
  const file = resolve(target);
  // Before anything is copied: one that is there may be the backup of yesterday.
  await make(file);
  try {
    const made = (await ask('POST', '/backup', undefined, backupMsMax)) as {
      readonly file: string;
    };
    await take(made.file, file);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
  return { objects: [{ file }], text: `all that is stored now is in ${file}\n` };
}

export async function restore(
  _ask: Ask,
  target: string,
  settings: AdminSettings,
): Promise<AdminResult> {
  const { data } = settings;
  if (data === undefined) throw new CimError('usage', '--data: must be given: the data folder');
  const { restoreStore } = await import('../../store/open-store.ts');
  const { storeId, before } = await restoreStore(resolve(target), data);
  const lines = [
    `${data} holds what is in ${target}, under a new store id (${storeId}): clients read from the beginning.`,
    ...(before === undefined ? [] : [`What was there before is in ${before}.`]),
  ];
  return {
    objects: [{ storeId, ...(before !== undefined && { before }) }],
    text: `${lines.join('\n')}\n`,
  };
}

async function make(file: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CimError('invalid-argument', `${file} exists already: choose another name`);
    throw new CimError(
      'invalid-argument',
      `${file} cannot be written: ${describeError(cause)}. Choose another place`,
    );
  }
}

async function take(made: string, file: string): Promise<void> {
  try {
    await copyFile(made, file, constants.COPYFILE_FICLONE);
    await flush(file);
    await flush(dirname(file));
    await rm(made, { force: true });
  } catch (cause) {
    const message = `the backup is in ${made} on the machine of the route, and cannot be put in ${file}: ${describeError(cause)}`;
    throw new CimError('unavailable', message, { cause });
  }
}

async function flush(path: string): Promise<void> {
  const opened = await open(path, 'r');
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
