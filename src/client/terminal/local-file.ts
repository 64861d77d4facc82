/** A file of this machine that is to be sent: what others are told of it, and its bytes. */
import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import imageSize from 'image-size';
import mime from 'mime/lite';
import { CimError, describeError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { unknownMediaType } from '../../base/text/media-type.ts';
import type { SendFileOptions } from '../sdk/index.ts';

export interface LocalFile {
  readonly blob: Blob;
  readonly facts: Pick<SendFileOptions, 'name' | 'width' | 'height'> & { readonly type: string };
}

/** Where pictures say how large they are: mostly within the first bytes. */
const headBytes = 256 * 1024;
const pictures: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** Rejects with a CimError `invalid-argument`. */
export async function openLocalFile(typed: string): Promise<LocalFile> {
  const path = expandHome(typed);
  try {
    // A device or a pipe might never end.
    if (!(await stat(path)).isFile()) throw new CimError('invalid-argument', `${typed} is no file`);
    const name = nameFor(path);
    const type = mime.getType(name)?.toLowerCase() ?? unknownMediaType;
    const blob = await openAsBlob(path, { type });
    return { blob, facts: { name, type, ...(await measure(blob, type)) } };
  } catch (error) {
    if (error instanceof CimError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : describeError(error);
    throw new CimError('invalid-argument', `${typed} cannot be sent: ${reason}`, { cause: error });
  }
}

/** `~/` is the folder of whoever types it, as in a shell. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

/** As others may take it for a name. */
function nameFor(path: string): string {
  const name = basename(path)
    .toWellFormed()
    .replace(/[\p{Cc}\\]/gu, '_');
  return name.slice(-limits.fileNameCharactersMax).toWellFormed();
}

/** Nothing of what is no such picture, or does not say it at its beginning. */
async function measure(
  blob: Blob,
  type: string,
): Promise<{ readonly width?: number; readonly height?: number }> {
  if (!pictures.includes(type)) return {};
  const head = new Uint8Array(await blob.slice(0, headBytes).arrayBuffer());
  try {
    const { width, height } = imageSize(head);
    const isKnown = [width, height].every((side) => side > 0 && side <= limits.pictureSideMax);
    return isKnown ? { width, height } : {};
  } catch {
    // Whoever gets it may look for themselves.
    return {};
  }
}
