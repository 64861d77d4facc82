/** A stream into a file that is open for writing, which lets go of what it has written at once. */
import type { FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { letGo } from '../../base/let-go.ts';

/** What waits while something is being written. */
const waitingBytes = 256 * 1024;

type Done = (error?: Error | null) => void;

export class FileSink extends Writable {
  readonly #file: FileHandle;

  /** Of what is written nobody else may need the bytes. */
  constructor(file: FileHandle) {
    super({ highWaterMark: waitingBytes });
    this.#file = file;
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#writeAll([piece]).then(() => done(), done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    this.#writeAll(chunks.map(({ chunk }) => chunk)).then(() => done(), done);
  }

  async #writeAll(pieces: readonly Buffer[]): Promise<void> {
    let rest = pieces;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#file.writev(rest);
      rest = after(rest, bytesWritten);
    }
    for (const piece of pieces) letGo(piece);
  }
}

function after(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  let left = bytes;
  const rest: Buffer[] = [];
  for (const piece of pieces) {
    if (left < piece.length) rest.push(piece.subarray(left));
    left = Math.max(0, left - piece.length);
  }
  return rest;
}
