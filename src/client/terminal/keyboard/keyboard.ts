/**
 * The keys of a terminal in raw mode, and what somebody pastes into it. It owns the raw mode, and
 * gives it back when others get the terminal: at the end, and while the process is stopped
 * (Ctrl-Z). Node knows which bytes are which key. The listener decides what a key does.
 *
 * Most terminals put marks around a paste. Where one does not, several lines in one read are a
 * paste, because nobody types that fast. Their line breaks are no Enter, and nothing of them is
 * sent.
 */
import { emitKeypressEvents } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import type { Clock, Timer } from '../../../base/clock.ts';

/** A key, or a whole paste. Keys that are no characters have no text. */
export type Press =
  | {
      readonly kind: 'key';
      /** As Node calls it: `return`, `left`, a letter. */
      readonly name: string | undefined;
      readonly ctrl: boolean;
      /** Alt, or Escape before it. */
      readonly meta: boolean;
      readonly text: string | undefined;
    }
  | { readonly kind: 'paste'; readonly text: string };

/** The process, as far as it is stopped and goes on. */
export interface JobControl {
  on(signal: 'SIGCONT', listener: () => void): unknown;
  off(signal: 'SIGCONT', listener: () => void): unknown;
  kill(processId: number, signal: 'SIGTSTP'): unknown;
}

/** To `kill`: all processes that the shell started together with this one. */
const wholeJob = 0;

export interface KeyboardOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WritableStream;
  readonly job: JobControl;
  readonly clock: Pick<Clock, 'setTimeout' | 'monotonic'>;
  /** What is pasted may have so many UTF-16 units. */
  readonly pasteMax: number;
  readonly onPress: (press: Press) => void;
  /** A paste was longer than that: nothing of it is told. */
  readonly onLongPaste: () => void;
  /** About to be stopped: nothing may be drawn until it goes on. */
  readonly onSuspend: () => void;
  /** It goes on, perhaps after others have written on the terminal. */
  readonly onContinue: () => void;
  /** There is no keyboard any more. */
  readonly onEnd: () => void;
}

/** The terminal puts marks around what is pasted. */
const pasteMarksOn = '\u001b[?2004h';
const pasteMarksOff = '\u001b[?2004l';

const pasteStart = '\u001b[200~';

/** A paste without marks has ended when nothing has come for so long: sooner nobody presses Enter. */
const unmarkedPasteSilenceMs = 100;

/** A paste comes as fast as it can be read. After so long a silence Ctrl-C is a key again. */
const pasteSilenceMs = 1_000;

/**
 * A process that nobody could wake is not stopped by Ctrl-Z (its parent has gone): after this time it
 * goes on as if it had been.
 */
const stopMs = 200;

interface NodeKey {
  readonly name?: string;
  readonly sequence?: string;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
}

export class Keyboard {
  readonly #options: KeyboardOptions;
  /** Pieces of a paste whose end has not come. */
  #pasted: string[] | undefined;
  #pastedLength = 0;
  #heardAt = 0;
  /** Ends a paste that came without marks. */
  #unmarkedEnd: Timer | undefined;
  #suspended: Timer | undefined;
  readonly #beforeKeys = (bytes: Buffer) => this.#willHear(bytes);
  readonly #take = (text: string | undefined, key?: NodeKey) => this.#heard(text, key ?? {});
  readonly #goOn = () => this.#continued();
  readonly #end = () => this.#options.onEnd();

  constructor(options: KeyboardOptions) {
    this.#options = options;
    const { stdin, job } = options;
    emitKeypressEvents(stdin);
    stdin.prependListener('data', this.#beforeKeys);
    stdin.on('keypress', this.#take);
    stdin.on('end', this.#end);
    stdin.on('error', this.#end);
    job.on('SIGCONT', this.#goOn);
    this.#enter();
    stdin.resume();
  }

  close(): void {
    const { stdin, job } = this.#options;
    this.#suspended?.cancel();
    stdin.off('data', this.#beforeKeys);
    stdin.off('keypress', this.#take);
    stdin.off('end', this.#end);
    job.off('SIGCONT', this.#goOn);
    this.#leave();
    stdin.pause();
  }

  /** As Ctrl-Z does in a terminal that is not in raw mode. */
  suspend(): void {
    const { clock, job, onSuspend } = this.#options;
    onSuspend();
    this.#leave();
    this.#suspended = clock.setTimeout(this.#goOn, stopMs);
    job.kill(wholeJob, 'SIGTSTP');
  }

  /** Others may have set the terminal as they like it: what Node remembers of it is not true. */
  #continued(): void {
    this.#suspended?.cancel();
    this.#suspended = undefined;
    this.#options.stdin.setRawMode(false);
    this.#enter();
    this.#options.onContinue();
  }

  #enter(): void {
    this.#options.stdin.setRawMode(true);
    this.#options.stdout.write(pasteMarksOn);
  }

  #leave(): void {
    this.#unmarkedEnd?.cancel();
    this.#unmarkedEnd = undefined;
    this.#pasted = undefined;
    this.#options.stdout.write(pasteMarksOff);
    this.#options.stdin.setRawMode(false);
  }

  /** Told of what was read before its keys are. */
  #willHear(bytes: Buffer): void {
    const text = bytes.toString();
    const isBegun = !this.#pasted && hasSeveralLines(text) && !text.includes(pasteStart);
    if (isBegun) this.#beginPaste();
    if (isBegun || this.#unmarkedEnd) {
      this.#unmarkedEnd?.cancel();
      const end = () => this.#endPaste();
      this.#unmarkedEnd = this.#options.clock.setTimeout(end, unmarkedPasteSilenceMs);
    }
  }

  #heard(text: string | undefined, key: NodeKey): void {
    const { onPress, clock } = this.#options;
    const { name, ctrl = false, meta = false, sequence = '' } = key;
    const now = clock.monotonic();
    const silentMs = now - this.#heardAt;
    this.#heardAt = now;
    if (name === 'paste-start') this.#beginPaste();
    else if (name === 'paste-end') this.#endPaste();
    else if (this.#pasted && !(ctrl && name === 'c' && silentMs > pasteSilenceMs))
      this.#keep(this.#pasted, sequence);
    else {
      this.#pasted = undefined;
      onPress({ kind: 'key', name, ctrl, meta, text });
    }
  }

  #beginPaste(): void {
    this.#pasted ??= [];
    this.#pastedLength = 0;
  }

  #keep(pasted: string[], text: string): void {
    this.#pastedLength += text.length;
    if (this.#pastedLength <= this.#options.pasteMax) pasted.push(text);
  }

  #endPaste(): void {
    const { onPress, onLongPaste, pasteMax } = this.#options;
    const text = this.#pasted?.join('').replace(/\r\n?/g, '\n');
    this.#unmarkedEnd?.cancel();
    this.#unmarkedEnd = undefined;
    this.#pasted = undefined;
    if (text === undefined || text === '') return;
    if (this.#pastedLength > pasteMax) onLongPaste();
    else onPress({ kind: 'paste', text });
  }
}

/** Keys may come together with Enter: only what can be read makes another line. Alt-Enter is a key. */
function hasSeveralLines(text: string): boolean {
  const withoutAlt = text.replaceAll('\u001b\r', '').replaceAll('\u001b\n', '');
  const written = stripVTControlCharacters(withoutAlt);
  return /[\r\n]\p{Cc}*\P{Cc}/u.test(written);
}
