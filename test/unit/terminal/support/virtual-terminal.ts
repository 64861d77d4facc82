/**
 * What a person would see: a terminal of so many columns, that knows the few sequences that cim
 * writes. When its window is made narrower or wider it breaks and joins rows, as most terminals do.
 */
import { PassThrough, Writable } from 'node:stream';
import { expect } from '@jest/globals';

/** `CSI ? number h` or `l`, `CSI parameter letter`, or anything else. */
const sequenceOrCharacter = /\p{Cc}\[\?(\d+)([hl])|\p{Cc}\[(\d*)(?:;\d*)?([A-Za-z])|(.)/gsu;

export class VirtualTerminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  #columns: number;
  #rows: string[][] = [[]];
  /** Rows that go on in the next one. */
  readonly #broken = new WeakSet<string[]>();
  #row = 0;
  #column = 0;

  /** As the process has set it. */
  isRaw = false;
  marksPastes = false;
  constructor(columns: number) {
    this.#columns = columns;
    const setRawMode = (isRaw: boolean) => {
      this.isRaw = isRaw;
    };
    const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode });
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

  /** As a terminal does it that marks no pastes: all in one chunk. */
  burst(text: string): void {
    this.stdin.push(text);
  }

  /** As a mouse does it. */
  paste(text: string): void {
    expect(this.marksPastes).toBe(true);
    this.stdin.push(`\u001b[200~${text.replaceAll('\n', '\r')}\u001b[201~`);
  }

  resize(columns: number): void {
    const cursor = { row: this.#rows[this.#row], column: this.#column };
    const lines: string[][][] = [];
    let isBroken = false;
    for (const row of this.#rows) {
      if (isBroken) lines.at(-1)?.push(row);
      else lines.push([row]);
      isBroken = this.#broken.has(row);
    }
    this.#rows = [];
    for (const parts of lines) {
      const line = parts.flat();
      const at = parts.indexOf(cursor.row ?? []);
      const before = parts.slice(0, Math.max(0, at)).flat().length + cursor.column;
      const first = this.#rows.length;
      for (let start = 0; start === 0 || start < line.length; start += columns) {
        const row = line.slice(start, start + columns);
        this.#rows.push(row);
        if (start + columns < line.length) this.#broken.add(row);
      }
      if (at >= 0) {
        this.#row = Math.min(first + Math.floor(before / columns), this.#rows.length - 1);
        this.#column = before - (this.#row - first) * columns;
      }
    }
    this.#columns = columns;
    Object.assign(this.stdout, { columns }).emit('resize');
  }

  /** Where the next character would be written. */
  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: this.#column };
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
    for (const [, mode, isSet, parameter, sequence, character] of pieces) {
      if (mode === '2004') this.marksPastes = isSet === 'h';
      else if (sequence !== undefined)
        this.#control(sequence, Number(parameter || 1), parameter ?? '');
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
      this.#broken.delete(this.#current);
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
      if (this.#column >= this.#columns) {
        this.#broken.add(this.#current);
        this.#nextRow();
      }
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
