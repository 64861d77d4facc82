/** The bytes of a part as they come, looked at on their way to where they are stored. */
import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { CimError } from '../../base/errors.ts';

export interface ExpectedPart {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
  /** Takes the same bytes; undefined: nobody wants them. */
  readonly whole: Hash | undefined;
}

/**
 * What comes, if it is what was said. The last piece is held back until all is known to be right, so
 * whoever stores this never has the whole of anything else. Throws `bad-chunk`.
 */
export async function* takenBytes(
  body: Readable,
  { bytes, sha256, whole }: ExpectedPart,
): AsyncGenerator<Uint8Array> {
  const own = createHash('sha256');
  let left = bytes;
  let held: Buffer | undefined;
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      left -= piece.length;
      if (left < 0) throw new CimError('bad-chunk', `the part has ${bytes} bytes, more have come`);
      own.update(piece);
      whole?.update(piece);
      if (held) yield held;
      held = piece;
    }
  } catch (error) {
    if (error instanceof CimError) throw error;
    throw new CimError('invalid-argument', 'the body broke off', { cause: error });
  }
  if (left > 0)
    throw new CimError('bad-chunk', `the part has ${bytes} bytes, ${bytes - left} have come`);
  if (own.digest('hex') !== sha256)
    throw new CimError('bad-chunk', 'the part has another hash than X-Cim-Sha256 says');
  if (held) yield held;
}
