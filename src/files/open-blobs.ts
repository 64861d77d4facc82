/**
 * The one place that chooses where the bytes of files are: by what an operator has set
 * (src/config/options/files.ts). Only what is chosen is loaded.
 */
import { CimError } from '../base/errors.ts';
import type { BlobStore } from './blob-store.ts';

export interface BlobSettings {
  readonly filesFolder?: string | undefined;
  readonly s3Url?: string | undefined;
  readonly s3Bucket?: string | undefined;
  readonly s3Region?: string;
  readonly s3Key?: string | undefined;
  readonly s3Secret?: string | undefined;
}

/** Undefined: nowhere. Rejects with `unavailable` or `bad-config`. */
export async function openBlobs(settings: BlobSettings): Promise<BlobStore | undefined> {
  const { filesFolder, s3Url } = settings;
  if (s3Url !== undefined) return openS3(s3Url, settings);
  if (filesFolder === undefined) return undefined;
  const { LocalBlobs } = await import('./local/local-blobs.ts');
  return LocalBlobs.open(filesFolder);
}

async function openS3(
  url: string,
  { s3Bucket: bucket, s3Region: region = '', s3Key: key, s3Secret: secret }: BlobSettings,
): Promise<BlobStore> {
  if (bucket === undefined || key === undefined || secret === undefined)
    throw new CimError('bad-config', 's3-url: needs --s3-bucket, --s3-key and --s3-secret as well');
  const { S3Blobs } = await import('./s3/s3-blobs.ts');
  return S3Blobs.open({ url, bucket, region, key, secret });
}
