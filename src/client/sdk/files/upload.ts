/**
 * Brings a file to the cluster, a chunk at a time. What fails is done once more, at any route: nothing
 * of it is harmful to repeat.
 */
import { CimError } from '../../../base/errors.ts';
import { ignore } from '../../../base/ignore.ts';
import { capabilityForm } from '../../../codec/file-content.ts';
import { toHex } from '../../../codec/message-scan.ts';
import type { FileTransport, Platform } from '../platform.ts';
import { patiently } from '../routes/patience.ts';
import type { FileRoutes, Upload } from './file-routes.ts';
import type { FileProgress } from './transfer.ts';
import type { UploadSource } from './upload-source.ts';

export interface UploadOptions {
  readonly id: string;
  readonly type: string;
  readonly source: UploadSource;
  readonly routes: FileRoutes;
  readonly platform: Pick<Platform, 'clock' | 'random'>;
  readonly transport: Pick<FileTransport, 'sha256'>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FileProgress) => void;
}

export interface Uploaded {
  readonly capability: string;
  /** Of the plain file. */
  readonly sha256: Uint8Array;
}

/** So often chunks may turn out to be missing at the end: a route has lost what it had taken. */
const roundsMax = 5;
/** A chunk is held whole. */
const chunkBytesMax = 64 * 1024 * 1024;

/** Rejects with a CimError, or the reason of `signal`: then nothing of it takes room any more. */
export async function upload(options: UploadOptions): Promise<Uploaded> {
  const { id, type, source, routes, platform, transport, signal } = options;
  const { bytes } = source;
  const hashes = await source.hash(transport.sha256, signal);
  const facts = { id, bytes, type, sha256: toHex(hashes.uploaded) };
  const hashOfChunks = new Map<number, string>();
  let capability: string | undefined;
  try {
    for (let round = 1; ; round++) {
      const begun = await patiently(platform, signal, () => routes.begin(facts));
      ({ capability } = assertUpload(begun, bytes));
      await sendMissing(begun, options, hashOfChunks);
      if (await isFinished(begun, options)) return { capability, sha256: hashes.plain };
      if (round === roundsMax) throw new CimError('incomplete-file');
    }
  } catch (error) {
    if (capability !== undefined)
      routes.cancel(id, capability).catch(ignore('it ends by itself, later'));
    throw error;
  }
}

/** False: chunks are missing. */
async function isFinished({ capability }: Upload, options: UploadOptions): Promise<boolean> {
  const { id, routes, platform, signal } = options;
  try {
    await patiently(platform, signal, () => routes.finish(id, capability));
    return true;
  } catch (error) {
    if (error instanceof CimError && error.kind === 'incomplete-file') return false;
    throw error;
  }
}

async function sendMissing(
  { capability, chunkBytes, chunks, received }: Upload,
  { id, source, routes, platform, transport, signal, onProgress }: UploadOptions,
  hashOfChunks: Map<number, string>,
): Promise<void> {
  const { bytes: total } = source;
  const isThere = new Set(received);
  const endOf = (number: number) => Math.min(total, (number + 1) * chunkBytes);
  const sizeOf = (number: number) => endOf(number) - number * chunkBytes;
  let sent = [...isThere].reduce((sum, number) => sum + sizeOf(number), 0);
  onProgress({ bytes: sent, total });
  for (let number = 0; number < chunks; number++) {
    if (isThere.has(number)) continue;
    signal.throwIfAborted();
    const bytes = await source.read(number * chunkBytes, endOf(number));
    const sha256 = hashOf(bytes, transport);
    // Under one key and one nonce nothing else is ever sealed and sent.
    if ((hashOfChunks.get(number) ?? sha256) !== sha256)
      throw new CimError('invalid-argument', 'the file has changed while it was sent');
    hashOfChunks.set(number, sha256);
    const before = sent;
    const chunk = { id, number, capability, bytes, sha256 };
    const onSent = (count: number) => onProgress({ bytes: before + count, total });
    await patiently(platform, signal, () => routes.put(chunk, onSent, signal));
    sent += bytes.length;
  }
  onProgress({ bytes: sent, total });
}

function hashOf(bytes: Uint8Array, { sha256 }: Pick<FileTransport, 'sha256'>): string {
  const hash = sha256();
  hash.update(bytes);
  return toHex(hash.digest());
}

/** Whoever answers may be anybody: what is reckoned with has to fit. */
function assertUpload(upload: Upload, bytes: number): Upload {
  const { capability, chunkBytes, chunks, received } = upload;
  const fits =
    capabilityForm.test(capability) &&
    Number.isSafeInteger(chunkBytes) &&
    chunkBytes >= 1 &&
    chunkBytes <= chunkBytesMax &&
    chunks === Math.ceil(bytes / chunkBytes) &&
    Array.isArray(received) &&
    received.every((number) => Number.isSafeInteger(number) && number >= 0 && number < chunks);
  if (!fits) throw new CimError('internal', 'the answer to the beginning of an upload is none');
  return upload;
}
