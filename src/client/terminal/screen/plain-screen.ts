/**
 * A screen for what is not a terminal: a file, a pipe. Lines are as long as they are, and nothing
 * is coloured.
 */
import type { Output } from './output.ts';
import type { Screen } from './screen.ts';

export class PlainScreen implements Screen {
  readonly columns = Number.POSITIVE_INFINITY;
  readonly isColoured = false;
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  print(rows: readonly string[]): Promise<void> {
    return this.#output.write(rows.map((row) => `${row}\n`).join(''));
  }

  settle(_lineNumber: number, rows: readonly string[]): Promise<void> {
    return this.print(rows);
  }

  showConnected(): void {}

  showStatus(): void {}
}
