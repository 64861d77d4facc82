/**
 * The one place that chooses where the bytes of files are: by what an operator has set
 * (src/config/options/files.ts). Only what is chosen is loaded.
 */
import type { BlobStore } from './blob-store.ts';

export interface BlobSettings {
  readonly filesFolder?: string | undefined;
}

/** Undefined: nowhere. Rejects with `unavailable` or `bad-config`. */
export async function openBlobs({ filesFolder }: BlobSettings): Promise<BlobStore | undefined> {
  if (filesFolder === undefined) return undefined;
  const { LocalBlobs } = await import('./local/local-blobs.ts');
  return LocalBlobs.open(filesFolder);
}
