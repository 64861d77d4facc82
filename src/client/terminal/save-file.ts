/**
 * Writes a file of a message to this machine: whole or not at all, for its reader's eyes only, and
 * never over what is there. What is on its way is beside it, under a name that ends in `.part`.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { CimError } from '../../base/errors.ts';
import { safeFileName } from '../sdk/index.ts';
import { expandHome } from './local-file.ts';

/** So many files of one name. */
const namesMax = 1_000;

/**
 * `typed`: a folder, or the name of a file that is not there yet; undefined: this folder. Resolves to
 * where it is. Rejects with a CimError `invalid-argument`, or as the bytes do: then nothing is left.
 */
export async function saveFile(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  typed: string | undefined,
): Promise<string> {
  const place = await placeFor(safeFileName(name), typed);
  const part = `${place.first}.${randomBytes(4).toString('hex')}.part`;
  const file = await open(part, 'wx', 0o600).catch((error: unknown) => {
    throw unwritable(place.first, error);
  });
  try {
    await writeAll(file, bytes);
    return await settle(part, place);
  } catch (error) {
    await rm(part, { force: true });
    throw isSystemError(error) ? unwritable(place.first, error) : error;
  }
}

interface Place {
  readonly first: string;
  /** Whether it may be called otherwise, where there is such a file. */
  readonly isFree: boolean;
}

async function placeFor(name: string, typed: string | undefined): Promise<Place> {
  if (typed === undefined) return { first: name, isFree: true };
  const path = expandHome(typed);
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return { first: join(path, name), isFree: true };
  if (path.endsWith('/')) throw new CimError('invalid-argument', `there is no folder ${typed}`);
  return { first: path, isFree: false };
}

async function writeAll(file: FileHandle, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of bytes) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Its name is taken first, by an empty file that nobody else can have made. */
async function settle(part: string, { first, isFree }: Place): Promise<string> {
  for (let count = 1; count <= (isFree ? namesMax : 1); count++) {
    const path = count === 1 ? first : numbered(first, count);
    const taken = await take(path);
    if (!taken) continue;
    await rename(part, path);
    return path;
  }
  throw new CimError('invalid-argument', `there is a file ${first} already: name another one`);
}

async function take(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** `a (2).png` */
function numbered(path: string, count: number): string {
  const ending = extname(path);
  return `${path.slice(0, path.length - ending.length)} (${count})${ending}`;
}

function unwritable(path: string, error: unknown): CimError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === 'ENOENT' ? `there is no folder ${dirname(path)}` : message;
  return new CimError('invalid-argument', `${path} cannot be written: ${reason}`, { cause: error });
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
