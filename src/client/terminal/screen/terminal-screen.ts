/**
 * A terminal that somebody reads and types into at the same time. At the bottom is the text that is
 * being typed. Above it are the lines that were typed and are not dealt with yet. Everything else
 * is printed above those, once, and never touched again.
 */
import type { Clock } from '../../../base/clock.ts';
import { ignore } from '../../../base/ignore.ts';
import { limits } from '../../../base/limits.ts';
import { safeLine } from '../../../base/text/safe-text.ts';
import type { Completion } from '../input/completion.ts';
import { withEmoji } from '../input/emoji.ts';
import type { InputSource } from '../input/input-source.ts';
import type { ReadLine } from '../input/line-splitter.ts';
import { lineBytesMax } from '../input/pipe-input.ts';
import { draftRows } from '../keyboard/draft-rows.ts';
import { HiddenLine } from '../keyboard/hidden-line.ts';
import { type JobControl, Keyboard, type Press } from '../keyboard/keyboard.ts';
import { LineEditor } from '../keyboard/line-editor.ts';
import { displayWidth, truncate } from '../view/display-width.ts';
import { layOut, paint, type Span } from '../view/layout.ts';
import { Bottom, type BottomRows } from './bottom.ts';
import type { Output } from './output.ts';
import type { Screen } from './screen.ts';

export interface TerminalScreenOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly output: Output;
  readonly job: JobControl;
  readonly clock: Clock;
  readonly userName: string;
  readonly isColoured: boolean;
  /** Whether the terminal breaks rows when its window is made narrower. */
  readonly rewraps: boolean;
  /** `line` goes up to the cursor. Never rejects. */
  readonly complete: (line: string) => Promise<Completion>;
  readonly onInterrupt: () => void;
  /** The text that is being typed has changed. */
  readonly onTyped?: (text: string) => void;
  /** Whether others are to read what was typed: that is not taken before the first login. */
  readonly isForOthers: (text: string) => boolean;
}

/** Of more lines that wait, only their number is shown. */
const pendingShownMax = 4;
/** So many ways to complete a line are listed. */
const choicesShownMax = 60;
/** Of a terminal that does not say, or says 0. */
const usualRows = 24;
const usualColumns = 80;

export class TerminalScreen implements Screen, InputSource {
  readonly isColoured: boolean;
  readonly #options: TerminalScreenOptions;
  readonly #keyboard: Keyboard;
  readonly #editor = new LineEditor(lineBytesMax);
  readonly #bottom: Bottom;
  readonly #resized = () => this.#draw();
  #isOpen = true;
  /** The process is being stopped. */
  #isAway = false;
  #isConnected = false;
  #wasConnected = false;
  #status = '';
  /** What is being typed unseen. */
  #hidden: { readonly what: string; readonly line: HiddenLine } | undefined;
  /** Lines that nobody has taken yet. */
  readonly #lines: ReadLine[] = [];
  #lineCount = 0;
  #nextLine = Promise.withResolvers<void>();
  /** Lines that have not been dealt with, by number. */
  readonly #pending = new Map<number, string>();
  /** What was pressed while the line was being completed. */
  #waiting: Press[] | undefined;
  #isDrawingDue = false;

  constructor(options: TerminalScreenOptions) {
    const { isColoured, rewraps, stdout } = options;
    this.#options = options;
    this.isColoured = isColoured;
    this.#bottom = new Bottom(rewraps);
    this.#keyboard = new Keyboard({
      ...options,
      pasteMax: lineBytesMax,
      onPress: (press) => this.#press(press),
      onLongPaste: () => this.#refusePaste(),
      onSuspend: () => this.#stepAside(),
      onContinue: () => this.#comeBack(),
      onEnd: () => this.#close(),
    });
    stdout.on('resize', this.#resized);
    this.#draw();
  }

  get columns(): number {
    return this.#options.stdout.columns || usualColumns;
  }

  get lines(): AsyncIterable<ReadLine> {
    return this.#readLines();
  }

  /** Nothing can be typed any more; what is printed from now on follows line by line. */
  stop(): void {
    this.#close();
  }

  print(rows: readonly string[]): Promise<void> {
    const { output } = this.#options;
    const { columns } = this;
    if (!this.#isOpen || this.#isAway) return output.write(this.#bottom.erase(rows, columns));
    return output.write(this.#bottom.draw(rows, this.#bottomRows(), columns));
  }

  settle(lineNumber: number, rows: readonly string[]): Promise<void> {
    this.#pending.delete(lineNumber);
    return this.print(rows);
  }

  showConnected(isConnected: boolean): void {
    this.#isConnected = isConnected;
    this.#wasConnected ||= isConnected;
    this.#draw();
  }

  showStatus(text: string): void {
    this.#status = text;
    this.#draw();
  }

  /**
   * A line that is not shown while it is typed, asked for by `what` it is. What had been typed
   * before is still there after it. Undefined: the person gave up, or the screen has stopped.
   */
  async readHidden(what: string): Promise<string | undefined> {
    if (!this.#isOpen) return undefined;
    const line = new HiddenLine();
    this.#hidden = { what, line };
    this.#draw();
    const text = await line.read;
    this.#hidden = undefined;
    this.#draw();
    return text;
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

  #press(press: Press): void {
    if (!this.#isOpen) return;
    if (this.#waiting) {
      this.#waiting.push(press);
      return;
    }
    if (this.#control(press)) return;
    if (this.#hidden) this.#hidden.line.press(press);
    else if (press.kind === 'paste') this.#editor.insert(press.text, 'p');
    else if (press.name === 'tab') void this.#complete();
    else if (isEnter(press)) this.#enter();
    else {
      this.#editor.press(press);
      this.#options.onTyped?.(this.#editor.text);
    }
    this.#drawSoon();
  }

  /** What is not about the text. */
  #control(press: Press): boolean {
    if (press.kind === 'paste' || !press.ctrl) return false;
    const { name } = press;
    if (name === 'z') this.#keyboard.suspend();
    else if (name === 'l') this.#clear();
    else if (name === 'c') {
      this.#hidden?.line.giveUp();
      this.#options.onInterrupt();
    } else if (name === 'd' && this.#hidden) this.#hidden.line.giveUp();
    else if (name === 'd' && this.#editor.text === '') this.#close();
    else return false;
    return true;
  }

  /**
   * What was typed stands from here on among the pending. A text of before the first login stays
   * where it is: the login may have asked for a secret, and this may be it, typed too early.
   */
  #enter(): void {
    if (this.#editor.continueLine()) return;
    const text = withEmoji(this.#editor.draft).replace(/\n+$/, '');
    if (!this.#wasConnected && this.#options.isForOthers(text)) {
      this.#say('not sent, as you are not logged in yet: press Enter again when you are');
      return;
    }
    this.#editor.finish();
    if (text.trim() === '') return;
    this.#lineCount += 1;
    const line = { number: this.#lineCount, text };
    this.#pending.set(line.number, line.text);
    this.#lines.push(line);
    this.#wakeReader();
  }

  async #complete(): Promise<void> {
    this.#waiting = [];
    const { typed, replacements, labels } = await this.#options.complete(this.#editor.beforeCursor);
    const [replacement] = replacements;
    if (replacement !== undefined) this.#editor.complete(typed.length, replacement);
    else if (labels.length > 0) {
      const more = labels.length > choicesShownMax ? ['…'] : [];
      const body = [...labels.slice(0, choicesShownMax), ...more].join('   ');
      this.#tell(layOut({ head: [], body }, this));
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const press of waiting) this.#press(press);
    this.#drawSoon();
  }

  #refusePaste(): void {
    this.#say(`what was pasted is left out: a message has at most ${limits.textBytesMax} bytes`);
  }

  #say(problem: string): void {
    this.#tell(layOut({ head: [], body: `! ${problem}` }, this));
  }

  #clear(): void {
    this.#bottom.forget();
    this.#tell([], '\u001b[2J\u001b[H');
  }

  #stepAside(): void {
    this.#isAway = true;
    this.#draw();
  }

  #comeBack(): void {
    this.#isAway = false;
    this.#bottom.forget();
    this.#draw();
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#options.stdout.off('resize', this.#resized);
    this.#hidden?.line.giveUp();
    this.#draw();
    this.#keyboard.close();
    this.#wakeReader();
  }

  /**
   * Once for all keys that come at once, and after a change of the window's size that came with
   * them: the terminal has broken or joined rows by then.
   */
  #drawSoon(): void {
    if (this.#isDrawingDue) return;
    this.#isDrawingDue = true;
    setImmediate(() => {
      this.#isDrawingDue = false;
      if (this.#isOpen) this.#draw();
    });
  }

  #draw(): void {
    this.#tell([]);
  }

  /** A terminal that is gone ends the session elsewhere. */
  #tell(rows: readonly string[], before = ''): void {
    if (before !== '')
      this.#options.output
        .write(before)
        .catch(ignore('the output is broken: the session ends by that'));
    this.print(rows).catch(ignore('the output is broken: the session ends by that'));
  }

  #bottomRows(): BottomRows {
    const columns = Math.max(2, this.columns);
    const rowsMax = Math.max(1, (this.#options.stdout.rows || usualRows) - 1);
    const prompt = this.#prompt(Math.floor(columns / 2));
    const draft = draftRows({
      text: this.#editor.text,
      cursor: this.#editor.cursor,
      columns,
      firstColumns: columns - 1 - prompt.width,
      rowsMax: Math.ceil(rowsMax / 2),
    });
    const left = rowsMax - draft.rows.length;
    const status = this.#status !== '' && left > 0 ? [this.#dimRow(this.#status)] : [];
    const pending = [
      ...this.#pendingRows(Math.min(pendingShownMax, left - status.length - 1)),
      ...status,
    ];
    const [first = '', ...further] = draft.rows;
    return {
      rows: [...pending, prompt.text + first, ...further],
      cursorRow: pending.length + draft.cursorRow,
      beforeCursor: (draft.cursorRow === 0 ? prompt.text : '') + draft.beforeCursor,
    };
  }

  #prompt(columnsMax: number): { readonly text: string; readonly width: number } {
    const { userName } = this.#options;
    const sign: Span = this.#isConnected
      ? { text: '●', style: 'green' }
      : { text: '○', style: 'yellow' };
    const who = truncate(safeLine(this.#hidden?.what ?? userName), columnsMax - 5);
    const text = `${paint(sign, this)} ${paint({ text: who, style: 'bold' }, this)}> `;
    return { text, width: displayWidth(`${sign.text} ${who}> `) };
  }

  /** One row each. */
  #pendingRows(shownMax: number): string[] {
    const texts = [...this.#pending.values()];
    const shown = texts.slice(0, Math.max(0, shownMax)).map((text) => `… ${safeLine(text)}`);
    if (texts.length > shown.length && shownMax > 0)
      shown.push(`… and ${texts.length - shown.length} more`);
    return shown.map((text) => this.#dimRow(text));
  }

  #dimRow(text: string): string {
    return paint({ text: truncate(text, this.columns - 1), style: 'dim' }, this);
  }
}

/** Not with Alt: that breaks the line. */
function isEnter(press: Extract<Press, { kind: 'key' }>): boolean {
  return !press.meta && (press.name === 'return' || press.name === 'enter');
}
