/**
 * A file of this machine as it is uploaded: as it is, or sealed. It is read twice, a piece at a time:
 * first for its hashes, and then as routes ask for it.
 */
import { CimError, describeError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { RunningHash } from '../platform.ts';
import { type FileSeal, sealedPieceBytes } from './file-seal.ts';

export interface FileHashes {
  readonly plain: Uint8Array;
  /** Of what is uploaded. */
  readonly uploaded: Uint8Array;
}

export class UploadSource {
  readonly #blob: Blob;
  readonly #seal: FileSeal | undefined;
  readonly #pieceBytes: number;
  /** Of what is uploaded. */
  readonly bytes: number;

  constructor(blob: Blob, seal?: FileSeal) {
    this.#blob = blob;
    this.#seal = seal;
    this.#pieceBytes = seal ? sealedPieceBytes : limits.filePieceBytes;
    this.bytes = seal ? seal.bytes : blob.size;
  }

  /** Rejects with a CimError `invalid-argument` where it cannot be read, or the reason of `signal`. */
  async hash(newHash: () => RunningHash, signal: AbortSignal): Promise<FileHashes> {
    const plain = newHash();
    const uploaded = newHash();
    for (let number = 0; number * this.#pieceBytes < this.bytes; number++) {
      signal.throwIfAborted();
      const piece = await this.#plainPiece(number);
      plain.update(piece);
      if (this.#seal) uploaded.update(await this.#seal.seal(number, piece));
    }
    const digest = plain.digest();
    return { plain: digest, uploaded: this.#seal ? uploaded.digest() : digest };
  }

  /** Of what is uploaded; `end` is behind the last byte. Rejects as hash() does. */
  async read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(end - start);
    let filled = 0;
    while (filled < bytes.length) {
      const at = start + filled;
      const number = Math.floor(at / this.#pieceBytes);
      const piece = await this.#piece(number);
      const from = at - number * this.#pieceBytes;
      const part = piece.subarray(from, from + bytes.length - filled);
      if (part.length === 0) throw changed();
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  async #piece(number: number): Promise<Uint8Array<ArrayBuffer>> {
    const plain = await this.#plainPiece(number);
    return this.#seal ? this.#seal.seal(number, plain) : plain;
  }

  async #plainPiece(number: number): Promise<Uint8Array<ArrayBuffer>> {
    const start = number * limits.filePieceBytes;
    const end = Math.min(start + limits.filePieceBytes, this.#blob.size);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = new Uint8Array(await this.#blob.slice(start, end).arrayBuffer());
    } catch (error) {
      throw changed(error);
    }
    if (bytes.length !== end - start) throw changed();
    return bytes;
  }
}

function changed(cause?: unknown): CimError {
  const reason = cause === undefined ? 'it is shorter than before' : describeError(cause);
  return new CimError('invalid-argument', `the file cannot be read: ${reason}`, { cause });
}
