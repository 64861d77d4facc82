/**
 * Reads a file of the cluster. What is sealed is given only when it has opened; what is not is given as
 * it comes, and the end says whether it was the file that the message tells of. Whatever breaks on the
 * way goes on where it was, at any route.
 */
import { Backoff } from '../../../base/backoff.ts';
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { MessageFile } from '../../../codec/file-content.ts';
import type { FileTransport, IncomingBytes, Platform } from '../platform.ts';
import { pause } from '../routes/patience.ts';
import type { FileRoutes } from './file-routes.ts';
import { FileSeal, sealedPieceBytes } from './file-seal.ts';
import type { FileBytes, FileProgress } from './transfer.ts';

export interface DownloadOptions {
  readonly file: MessageFile;
  readonly routes: FileRoutes;
  readonly platform: Pick<Platform, 'clock' | 'random'>;
  readonly transport: Pick<FileTransport, 'sha256'>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FileProgress) => void;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Rejects with a CimError, or the reason of `signal`. */
export async function* download(options: DownloadOptions): FileBytes {
  const { file, routes, platform, transport, signal, onProgress } = options;
  const seal = file.key && (await FileSeal.of(file.key, file.id, file.bytes));
  const total = seal ? seal.bytes : file.bytes;
  const hash = transport.sha256();
  const { clock, random } = platform;
  const backoff = new Backoff({ baseMs: 500, capMs: 10_000, random: () => random.fraction() });
  let done = 0;
  let attempts = 0;
  while (done < total) {
    const before = done;
    try {
      const incoming = await routes.get(file, done, signal);
      for await (const part of partsOf(incoming, done, total, seal)) {
        done += part.taken;
        hash.update(part.plain);
        yield part.plain;
        onProgress({ bytes: done, total });
      }
      if (done < total) throw new CimError('unavailable', 'the file ended before its end');
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CimError) || !error.retryable) throw error;
      attempts = done > before ? 1 : attempts + 1;
      if (done > before) backoff.reset();
      if (attempts >= limits.patientAttemptsMax) throw error;
      routes.tryOthers();
      await pause(clock, error.retryAfterMs ?? backoff.next(), signal);
    }
    signal.throwIfAborted();
  }
  if (!isSame(hash.digest(), file.sha256)) throw damaged('its hash is another one');
}

/** What may be given of the file, and how many bytes of what was uploaded that is. */
interface Part {
  readonly plain: Bytes;
  readonly taken: number;
}

async function* partsOf(
  { first, total: told, stream }: IncomingBytes,
  from: number,
  total: number,
  seal: FileSeal | undefined,
): AsyncGenerator<Part, void, undefined> {
  if (told !== total) throw damaged(`it has ${told} bytes and not ${total}`);
  if (first !== from) throw new CimError('unavailable', 'the route begins at another place');
  const bounded = atMost(stream, total - from);
  if (seal) yield* opened(bounded, from, total, seal);
  else for await (const plain of bounded) yield { plain, taken: plain.length };
}

async function* atMost(stream: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Bytes> {
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw damaged('it has more bytes than it should');
    yield new Uint8Array(chunk);
  }
}

/** Piece by piece, each held until it is whole. One that is cut off is not given. */
async function* opened(
  stream: AsyncIterable<Bytes>,
  from: number,
  total: number,
  seal: FileSeal,
): AsyncGenerator<Part, void, undefined> {
  let number = from / sealedPieceBytes;
  const sizeOf = () => Math.max(0, Math.min(sealedPieceBytes, total - number * sealedPieceBytes));
  let piece = new Uint8Array(sizeOf());
  let filled = 0;
  for await (let chunk of stream) {
    while (chunk.length > 0) {
      const part = chunk.subarray(0, piece.length - filled);
      piece.set(part, filled);
      filled += part.length;
      chunk = chunk.subarray(part.length);
      if (filled < piece.length) break;
      const plain = await seal.open(number, piece);
      if (!plain) throw damaged('it was altered, or is not what its sender has sealed');
      yield { plain, taken: piece.length };
      number += 1;
      piece = new Uint8Array(sizeOf());
      filled = 0;
    }
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function damaged(reason: string): CimError {
  return new CimError('damaged-file', `the file is damaged: ${reason}`);
}
