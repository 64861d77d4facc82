/** How a file is divided, and what its parts are called where their bytes are. */
import { limits } from '../../base/limits.ts';
import { fromBase64Url, toBase64Url } from '../../base/text/base64url.ts';
import type { BlobName } from '../../files/blob-store.ts';

const idBytes = 16;

export function partCount(bytes: number): number {
  return Math.ceil(bytes / limits.fileChunkBytes);
}

export function partBytes(bytes: number, number: number): number {
  return Math.min(limits.fileChunkBytes, bytes - number * limits.fileChunkBytes);
}

/** Undefined: it is not the id of a file. */
export function fileName(id: string): string | undefined {
  const bytes = fromBase64Url(id);
  // There is one way to write each.
  if (bytes?.length !== idBytes || toBase64Url(bytes) !== id) return undefined;
  // In hex: where folders do not tell upper from lower case, two ids are still two.
  return Buffer.from(bytes).toString('hex');
}

/** A part that is sent again with other bytes is another one. */
export function partName(number: number, sha256: string): string {
  return `${number}-${sha256}`;
}

export function blobName(file: string, number: number, sha256: string): BlobName {
  return { file, part: partName(number, sha256) };
}
