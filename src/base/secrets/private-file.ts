/**
 * Files and folders with secrets in them. One that belongs to somebody else may hold what they want
 * us to take for ours; one that others may read is a secret no more. So neither is used.
 */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { CimError, describeError } from '../errors.ts';
import { decodeUtf8, withoutMark } from '../text/utf8.ts';

/** A key with its chain, and more: what is longer is another file. */
const bytesMax = 256 * 1024;
const ofOthers = 0o007;
const ofOthersAndGroup = 0o077;
const writableByOthers = 0o022;

interface Ownership {
  readonly uid: number;
  readonly mode: number;
}

/**
 * Rejects with `bad-config`, naming the file, what is wrong with it and what to do; its `cause` is
 * of the file system where that refused.
 */
export async function readPrivateFile(path: string): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    // Of what was opened: the name may be another file's by now.
    assertPrivate(path, await file.stat());
    const bytes = Buffer.alloc(bytesMax + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length <= bytesMax; length += read)
      ({ bytesRead: read } = await file.read(bytes, length, bytes.length - length, null));
    if (length > bytesMax) throw new CimError('bad-config', `${path}: is too long for a secret`);
    return bytes.subarray(0, length);
  } catch (cause) {
    if (cause instanceof CimError) throw cause;
    throw new CimError('bad-config', `${path}: cannot be read: ${describeError(cause)}`, { cause });
  } finally {
    await file?.close();
  }
}

/** As readPrivateFile: what it says. */
export async function readPrivateText(path: string): Promise<string> {
  const text = decodeUtf8(await readPrivateFile(path));
  if (text === undefined) throw new CimError('bad-config', `${path}: is no text in UTF-8`);
  return withoutMark(text);
}

/** As readPrivateText: one secret, without the end of its line. */
export async function readSecretText(path: string): Promise<string> {
  const text = (await readPrivateText(path)).replace(/[\r\n]+$/, '');
  if (text === '') throw new CimError('bad-config', `${path}: is empty`);
  return text;
}

/**
 * Throws `bad-config`. As PostgreSQL has it for its keys: what is one's own is for oneself alone;
 * root may give a file of theirs to a group.
 */
export function assertPrivate(path: string, { uid, mode }: Ownership): void {
  const own = process.geteuid?.();
  if (own === undefined) return;
  assertOwner(path, uid, own);
  const excess = mode & (uid === 0 ? ofOthers | 0o020 : ofOthersAndGroup);
  if (excess === 0) return;
  throw new CimError(
    'bad-config',
    `${path}: holds a secret, and others than its owner may use it (mode ${octal(mode)}): chmod ${uid === own ? '600' : '640'} it`,
  );
}

/** Of a folder in which secrets are kept. Throws `bad-config`. */
export async function assertPrivateFolder(path: string): Promise<void> {
  const own = process.geteuid?.();
  if (own === undefined) return;
  const { uid, mode } = await stat(path);
  assertOwner(path, uid, own);
  if ((mode & writableByOthers) === 0) return;
  throw new CimError(
    'bad-config',
    `${path}: secrets are kept there, and others may write in it (mode ${octal(mode)}): chmod 700 it`,
  );
}

function assertOwner(path: string, uid: number, own: number): void {
  if (uid === own || uid === 0) return;
  throw new CimError(
    'bad-config',
    `${path}: belongs to another user (${uid}), neither to this one (${own}) nor to root: chown it, or name another`,
  );
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}
