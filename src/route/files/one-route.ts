/** Whether a route may serve files from where their bytes are. */
import type { BlobStore } from '../../files/blob-store.ts';
import type { Registry } from '../../registry/registry.ts';

/**
 * Why not; null: it may. A folder is of one machine: where there is another route, it would be asked
 * for what only this one has.
 */
export function fileRefusal(
  blobs: Pick<BlobStore, 'isLocal'> | undefined,
  { view }: Pick<Registry, 'view'>,
): string | null {
  if (!blobs?.isLocal || view.routes.length <= 1) return null;
  return 'files are in a folder of one route, and there are others: use an S3, or one route';
}
