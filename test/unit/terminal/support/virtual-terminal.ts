/**
 * What a person would see: a terminal of so many columns, that knows the few sequences that
 * readline writes.
 */
import { PassThrough, Writable } from 'node:stream';

/** `CSI parameter letter`, or anything else. */
const sequenceOrCharacter = /\p{Cc}\[(\d*)(?:;\d*)?([A-Za-z])|(.)/gsu;

export class VirtualTerminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly #columns: number;
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.#columns = columns;
    const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
    const display = new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        this.#show(text);
        done();
      },
    });
    this.stdin = keyboard as unknown as NodeJS.ReadStream;
    this.stdout = Object.assign(display, { isTTY: true, columns }) as unknown as NodeJS.WriteStream;
  }

  /** As a keyboard does it: one chunk for each key. */
  type(text: string): void {
    for (const key of text) this.stdin.push(key);
  }

  /** As a mouse does it: all in one chunk. */
  paste(text: string): void {
    this.stdin.push(text);
  }

  /** The rows from the top, without the empty ones at the end. */
  get rows(): string[] {
    const rows = this.#rows.map((row) =>
      Array.from(row, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
    while (rows.at(-1) === '') rows.pop();
    return rows;
  }

  #show(text: string): void {
    const pieces = text.matchAll(sequenceOrCharacter);
    for (const [, parameter, sequence, character] of pieces) {
      if (sequence !== undefined) this.#control(sequence, Number(parameter || 1), parameter ?? '');
      else this.#put(character ?? '');
    }
  }

  #control(sequence: string, count: number, parameter: string): void {
    if (sequence === 'A') this.#row = Math.max(0, this.#row - count);
    else if (sequence === 'C') this.#column += count;
    else if (sequence === 'D') this.#column -= count;
    else if (sequence === 'G') this.#column = count - 1;
    else if (sequence === 'J' && (parameter === '' || parameter === '0')) {
      this.#rows.length = this.#row + 1;
      this.#current.length = Math.min(this.#current.length, this.#column);
    } else if (sequence === 'K')
      this.#current.length = Math.min(this.#current.length, this.#column);
    else if (sequence !== 'm')
      throw new Error(`the virtual terminal does not know CSI ${sequence}`);
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#nextRow();
    else {
      if (this.#column >= this.#columns) this.#nextRow();
      this.#current[this.#column] = character;
      this.#column += 1;
    }
  }

  /** A line feed also returns: the terminal driver sees to that. */
  #nextRow(): void {
    this.#row += 1;
    this.#column = 0;
    while (this.#rows.length <= this.#row) this.#rows.push([]);
  }

  get #current(): string[] {
    return this.#rows[this.#row]!;
  }
}
