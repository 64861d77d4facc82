/**
 * Turns bytes of input into numbered lines. Bounded: it keeps nothing of a line that is too long.
 * Pure: pipe-input.ts reads the bytes.
 */
import { decodeUtf8, withoutMark } from '../../../base/text/utf8.ts';
import type { InputLine } from '../view/view.ts';
import { type Refusal, refuse } from './action.ts';

/** A line as it came; `refusal` if there is no text in it that could be understood. */
export interface ReadLine extends InputLine {
  readonly refusal?: Refusal;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export class LineSplitter {
  readonly #bytesMax: number;
  #number = 0;
  /** The beginning of a line whose end has not come yet. */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that end in this chunk. Holds on to the rest of it. */
  *push(chunk: Uint8Array): Generator<ReadLine> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, start);
      if (end < 0) break;
      this.#keep(chunk.subarray(start, end));
      yield this.#finishLine();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** A last line without a line feed. */
  *end(): Generator<ReadLine> {
    if (this.#pieceBytes > 0) yield this.#finishLine();
  }

  #keep(piece: Uint8Array): void {
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes > this.#bytesMax) this.#pieces = [];
    else if (piece.length > 0) this.#pieces.push(piece);
  }

  #finishLine(): ReadLine {
    this.#number += 1;
    const [first, ...others] = this.#pieces;
    const bytes = first && others.length === 0 ? first : Buffer.concat(this.#pieces);
    const isTooLong = this.#pieceBytes > this.#bytesMax;
    this.#pieces = [];
    this.#pieceBytes = 0;
    const line = { number: this.#number, text: '' };
    if (isTooLong) {
      return { ...line, refusal: refuse('too-long', `a line has at most ${this.#bytesMax} bytes`) };
    }
    const text = decodeUtf8(withoutReturn(bytes));
    if (text === undefined)
      return { ...line, refusal: refuse('invalid-argument', 'the line is not valid UTF-8') };
    return { ...line, text: this.#number === 1 ? withoutMark(text) : text };
  }
}

/** Lines from Windows end with \r\n. */
function withoutReturn(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;
}
