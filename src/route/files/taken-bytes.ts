/** The bytes of a part as they come, looked at on their way to where they are stored. */
import { createHash, type Hash } from 'node:crypto';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { CimError } from '../../base/errors.ts';
import { ignore } from '../../base/ignore.ts';

export interface ExpectedPart {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
  /** Takes the same bytes; undefined: nobody wants them. */
  readonly whole: Hash | undefined;
}

/**
 * What comes of a body, if it is what was said; fails with `bad-chunk` otherwise, or when it breaks off.
 * It is to be destroyed in any case. If the body goes on, the connection stays: somebody is to be
 * answered there.
 */
export function takenBytes(body: Readable, expected: ExpectedPart): Readable {
  const taken = new TakenBytes(expected);
  // Not by `pipeline`, which would end the connection with whatever fails.
  const onData = (piece: Buffer) => {
    if (!taken.write(piece)) body.pause();
  };
  const onEnd = () => void taken.end();
  const onBroken = () => {
    if (!body.readableEnded) taken.destroy(new CimError('invalid-argument', 'the body broke off'));
  };
  taken.on('error', ignore('whoever stores it hears, when it begins to'));
  taken.on('drain', () => body.resume());
  taken.on('close', () => {
    body.off('data', onData).off('end', onEnd);
    // What still comes is for nobody.
    body.resume();
  });
  body.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  // It may have broken off before anybody listened.
  if (body.destroyed) onBroken();
  return taken;
}

/**
 * The last piece is held back until all is known to be right, so whoever stores this never has the whole
 * of anything else.
 */
class TakenBytes extends Transform {
  readonly #expected: ExpectedPart;
  readonly #own = createHash('sha256');
  #left: number;
  #held: Buffer | undefined;

  constructor(expected: ExpectedPart) {
    super();
    this.#expected = expected;
    this.#left = expected.bytes;
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const { bytes, whole } = this.#expected;
    this.#left -= piece.length;
    if (this.#left < 0)
      return done(new CimError('bad-chunk', `the part has ${bytes} bytes, more have come`));
    this.#own.update(piece);
    whole?.update(piece);
    if (this.#held) this.push(this.#held);
    this.#held = piece;
    done();
  }

  override _flush(done: TransformCallback): void {
    const { bytes, sha256 } = this.#expected;
    const came = bytes - this.#left;
    if (came < bytes)
      return done(new CimError('bad-chunk', `the part has ${bytes} bytes, ${came} have come`));
    if (this.#own.digest('hex') !== sha256)
      return done(new CimError('bad-chunk', 'the part has another hash than X-Cim-Sha256 says'));
    done(null, this.#held);
  }
}
