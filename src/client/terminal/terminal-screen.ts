/**
 * A terminal that is read and typed into at the same time. At the bottom is what is being typed,
 * and above it the lines that have been typed and not been dealt with yet. All else is printed
 * above that, once, and never touched again: to print, the bottom is erased and drawn anew.
 */
import {
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
} from 'node:readline';
import { safeLine } from '../../base/safe-text.ts';
import type { Completion } from './completion.ts';
import { truncate } from './display-width.ts';
import { readHiddenLine } from './hidden-line.ts';
import type { InputSource } from './input-source.ts';
import { layOut, paint, type Span } from './layout.ts';
import type { ReadLine } from './line-splitter.ts';
import type { Output } from './output.ts';
import type { Screen } from './screen.ts';

export interface TerminalScreenOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly output: Output;
  readonly userName: string;
  readonly isColoured: boolean;
  /** `line` goes up to the cursor. Never rejects. */
  readonly complete: (line: string) => Promise<Completion>;
  readonly onInterrupt: () => void;
}

/**
 * Rows above the cursor that belong to the prompt, by what was drawn last. Not in Node's
 * documentation.
 */
type Editor = Interface & { prevRows: number };

/** Of more lines that wait, only their number is shown. */
const pendingShownMax = 4;
/** So many ways to complete a line are listed. */
const choicesShownMax = 60;

export class TerminalScreen implements Screen, InputSource {
  readonly isColoured: boolean;
  readonly #options: TerminalScreenOptions;
  readonly #editor: Editor;
  #isOpen = true;
  readonly #stopped = Promise.withResolvers<void>();
  #isConnected = false;
  /** What is being typed unseen. */
  #hiddenWhat: string | undefined;
  /** Lines that nobody has taken yet. */
  readonly #lines: ReadLine[] = [];
  #lineCount = 0;
  #nextLine = Promise.withResolvers<void>();
  /** Lines that have not been dealt with, by number. */
  readonly #pending = new Map<number, string>();
  /** The rows that show them. */
  #pendingRows = 0;
  /** Rows of what was typed, below the first, when Enter was pressed. */
  #typedRows = 0;

  constructor(options: TerminalScreenOptions) {
    const { stdin, stdout, isColoured, onInterrupt } = options;
    this.#options = options;
    this.isColoured = isColoured;
    this.#editor = createInterface({
      input: stdin,
      output: stdout,
      terminal: true,
      historySize: 1_000,
      completer: (line: string, done: (error: null, completions: [string[], string]) => void) =>
        void this.#complete(line).then((completions) => done(null, completions)),
    }) as Editor;
    // Before the editor's own listener: after it, what was typed is gone.
    stdin.prependListener('keypress', (_text, key?: { readonly name?: string }) => {
      if (key?.name === 'return' || key?.name === 'enter') this.#beforeEnter();
    });
    stdin.on('keypress', () => this.#afterKey());
    this.#editor.on('line', (text) => this.#entered(text));
    this.#editor.on('SIGINT', onInterrupt);
    this.#editor.on('close', () => this.#closed());
    this.#showPrompt();
  }

  get columns(): number {
    return this.#options.stdout.columns;
  }

  get lines(): AsyncIterable<ReadLine> {
    return this.#readLines();
  }

  /** Nothing can be typed any more; what is printed from now on follows line by line. */
  stop(): void {
    this.#stopped.resolve();
    this.#editor.close();
  }

  print(rows: readonly string[]): Promise<void> {
    return this.#redraw(this.#isOpen ? this.#editor.getCursorPos().rows : 0, rows);
  }

  settle(lineNumber: number, rows: readonly string[]): Promise<void> {
    this.#pending.delete(lineNumber);
    return this.print(rows);
  }

  showConnected(isConnected: boolean): void {
    this.#isConnected = isConnected;
    this.#showPrompt();
  }

  /**
   * A line that is not shown while it is typed, asked for by `what` it is. What had been typed
   * before is still there after it. Undefined: the person gave up, or the screen has stopped.
   */
  async readHidden(what: string): Promise<string | undefined> {
    const { stdin, onInterrupt } = this.#options;
    this.#hiddenWhat = what;
    this.#showPrompt();
    const text = await readHiddenLine(stdin, onInterrupt, this.#stopped.promise);
    this.#hiddenWhat = undefined;
    this.#showPrompt();
    return text;
  }

  #showPrompt(): void {
    const { userName } = this.#options;
    const sign: Span = this.#isConnected
      ? { text: '●', style: 'green' }
      : { text: '○', style: 'yellow' };
    const name: Span = { text: safeLine(this.#hiddenWhat ?? userName), style: 'bold' };
    this.#editor.setPrompt(`${paint(sign, this)} ${paint(name, this)}> `);
    this.print([]).catch(() => {}); // a terminal that is gone ends the session elsewhere
  }

  async *#readLines(): AsyncGenerator<ReadLine> {
    for (;;) {
      const line = this.#lines.shift();
      if (line) yield line;
      else if (this.#isOpen) await this.#nextLine.promise;
      else return;
    }
  }

  #wakeReader(): void {
    this.#nextLine.resolve();
    this.#nextLine = Promise.withResolvers();
  }

  /** Puts the cursor at the end of what was typed, and notes how far down that is. */
  #beforeEnter(): void {
    if (!this.#isOpen) return;
    this.#editor.write(null, { ctrl: true, name: 'e' });
    this.#typedRows = this.#editor.getCursorPos().rows;
  }

  /**
   * Node does not note that pasted text has gone on to another row, and does not see to it that the
   * cursor has.
   */
  #afterKey(): void {
    if (!this.#isOpen) return;
    const { rows, cols } = this.#editor.getCursorPos();
    if (rows <= this.#editor.prevRows) return;
    if (cols === 0) this.#drawPrompt(rows - 1);
    else this.#editor.prevRows = rows;
  }

  /** The cursor is so many rows below where the prompt is to begin. */
  #drawPrompt(below: number): void {
    this.#editor.prevRows = below;
    this.#editor.prompt(true);
  }

  /** The cursor is now below what was typed, which from here on stands among the pending. */
  #entered(text: string): void {
    if (text.trim() !== '') {
      this.#lineCount += 1;
      this.#pending.set(this.#lineCount, text);
      this.#lines.push({ number: this.#lineCount, text });
      this.#wakeReader();
    }
    this.#redraw(this.#typedRows + 1, []).catch(() => {});
  }

  #closed(): void {
    const rows = this.#editor.getCursorPos().rows;
    this.#isOpen = false;
    this.#redraw(rows, []).catch(() => {});
    this.#wakeReader();
  }

  /**
   * Puts `rows` in place of the bottom, and the bottom below them. The cursor is `below` rows below
   * the first of the prompt.
   */
  #redraw(below: number, rows: readonly string[]): Promise<void> {
    const { stdout, output } = this.#options;
    // Written at once, so that nothing flickers.
    stdout.cork();
    cursorTo(stdout, 0);
    moveCursor(stdout, 0, -(below + this.#pendingRows));
    clearScreenDown(stdout);
    const pending = this.#pendingLines();
    this.#pendingRows = pending.length;
    const written = output.write([...rows, ...pending].map((row) => `${row}\n`).join(''));
    if (this.#isOpen) this.#drawPrompt(0);
    stdout.uncork();
    return written;
  }

  /** One row each. */
  #pendingLines(): string[] {
    const texts = [...this.#pending.values()];
    const hidden = texts.length - pendingShownMax;
    const shown = texts.slice(0, pendingShownMax).map((text) => `… ${safeLine(text)}`);
    if (hidden > 0) shown.push(`… and ${hidden} more`);
    return shown.map((text) =>
      paint({ text: truncate(text, this.columns - 1), style: 'dim' }, this),
    );
  }

  async #complete(line: string): Promise<[string[], string]> {
    const { typed, replacements, labels } = await this.#options.complete(line);
    if (replacements.length === 0 && labels.length > 0) {
      const more = labels.length > choicesShownMax ? ['…'] : [];
      const body = [...labels.slice(0, choicesShownMax), ...more].join('   ');
      await this.print(layOut({ head: [], body }, this));
    }
    return [[...replacements], typed];
  }
}
