/**
 * The text that is being typed, and what keys do to it. Pure: keyboard.ts gives the keys,
 * draft-rows.ts says how the text looks.
 *
 * The cursor stands between characters as people see them (graphemes). Backspace takes a whole
 * family of emoji, or a letter with all its marks.
 */
import type { Press } from './keyboard.ts';

export interface Draft {
  readonly text: string;
  /**
   * As long as the text, a letter for each of its UTF-16 units: `t` was typed, `p` was pasted. What
   * is typed may stand for something else (emoji.ts), what is pasted never does.
   */
  readonly origin: string;
}

type Origin = 't' | 'p';
type Key = Extract<Press, { kind: 'key' }>;

const empty: Draft = { text: '', origin: '' };
const graphemes = new Intl.Segmenter();
const historyMax = 1_000;
/** Of all texts in the history together. */
const historyUnitsMax = 1_048_576;

export class LineEditor {
  readonly #unitsMax: number;
  #draft = empty;
  #cursor = 0;
  /** Oldest first. */
  readonly #history: Draft[] = [];
  #historyUnits = 0;
  /** Where in the history we are; its length: not in it. */
  #place = 0;
  /** What was being typed before one went into the history. */
  #aside = empty;
  /** What was cut last. */
  #cut = '';

  /** What makes the text longer than `unitsMax` is not taken. */
  constructor(unitsMax: number) {
    this.#unitsMax = unitsMax;
  }

  get draft(): Draft {
    return this.#draft;
  }

  get text(): string {
    return this.#draft.text;
  }

  get cursor(): number {
    return this.#cursor;
  }

  get beforeCursor(): string {
    return this.text.slice(0, this.#cursor);
  }

  insert(text: string, origin: Origin): void {
    if (this.text.length + text.length > this.#unitsMax) return;
    this.#replace(this.#cursor, this.#cursor, text, origin);
  }

  /** In place of the `length` units before the cursor. */
  complete(length: number, replacement: string): void {
    this.#replace(this.#cursor - length, this.#cursor, replacement, 't');
  }

  /** Takes what was typed, and begins anew. */
  finish(): Draft {
    const draft = this.#draft;
    this.#remember(draft);
    this.#set(empty);
    return draft;
  }

  /**
   * Enter at the end of a text that ends with a backslash: that becomes a line break. False: Enter
   * means what it always does.
   */
  continueLine(): boolean {
    if (!this.text.endsWith('\\')) return false;
    this.#replace(this.text.length - 1, this.text.length, '\n', 't');
    return true;
  }

  /** False: it is no key that edits. */
  press(key: Key): boolean {
    const edit = this.#editOf(key);
    if (edit) edit();
    else if (!key.text || key.ctrl || key.meta || isControl(key.text)) return false;
    else this.insert(key.text, 't');
    return true;
  }

  #editOf({ name, ctrl, meta }: Key): (() => void) | undefined {
    if (ctrl && !meta) return this.#ctrl(name);
    if (meta && !ctrl) return this.#alt(name);
    return ctrl ? undefined : this.#plain(name);
  }

  #plain(name: string | undefined): (() => void) | undefined {
    switch (name) {
      case 'left':
        return () => this.#move(this.#left());
      case 'right':
        return () => this.#move(this.#right());
      case 'up':
        return () => this.#up();
      case 'down':
        return () => this.#down();
      case 'home':
        return () => this.#move(this.#lineStart());
      case 'end':
        return () => this.#move(this.#lineEnd());
      case 'backspace':
        return () => this.#replace(this.#left(), this.#cursor);
      case 'delete':
        return () => this.#replace(this.#cursor, this.#right());
      default:
        return undefined;
    }
  }

  #ctrl(name: string | undefined): (() => void) | undefined {
    switch (name) {
      case 'b':
        return this.#plain('left');
      case 'f':
        return this.#plain('right');
      case 'p':
        return this.#plain('up');
      case 'n':
        return this.#plain('down');
      case 'a':
        return this.#plain('home');
      case 'e':
        return this.#plain('end');
      case 'h':
        return this.#plain('backspace');
      case 'd':
        return this.#plain('delete');
      case 'left':
        return this.#alt('b');
      case 'right':
        return this.#alt('f');
      case 'u':
        return () => this.#cutOut(this.#lineStart(), this.#cursor);
      case 'k':
        return () => this.#cutOut(this.#cursor, this.#lineEnd());
      case 'w':
      case 'backspace':
        return () => this.#cutOut(this.#wordLeft(), this.#cursor);
      case 'delete':
        return this.#alt('d');
      case 'y':
        return () => this.insert(this.#cut, 't');
      default:
        return undefined;
    }
  }

  #alt(name: string | undefined): (() => void) | undefined {
    switch (name) {
      case 'return':
      case 'enter':
        return () => this.insert('\n', 't');
      case 'b':
      case 'left':
        return () => this.#move(this.#wordLeft());
      case 'f':
      case 'right':
        return () => this.#move(this.#wordRight());
      case 'd':
      case 'delete':
        return () => this.#cutOut(this.#cursor, this.#wordRight());
      case 'backspace':
        return () => this.#cutOut(this.#wordLeft(), this.#cursor);
      default:
        return undefined;
    }
  }

  /** The line above in the same text; from the first one into the history. */
  #up(): void {
    const start = this.#lineStart();
    if (start > 0) this.#moveToLine(this.#lineStart(start - 1));
    else this.#recall(this.#place - 1);
  }

  #down(): void {
    const end = this.#lineEnd();
    if (end < this.text.length) this.#moveToLine(end + 1);
    else this.#recall(this.#place + 1);
  }

  /** As far from its start as the cursor is from that of its own line. */
  #moveToLine(start: number): void {
    const wanted = start + this.#cursor - this.#lineStart();
    const place = Math.min(wanted, this.#lineEnd(start));
    this.#move(place < this.text.length ? this.#segmentAt(place).index : place);
  }

  #recall(place: number): void {
    if (place < 0 || place > this.#history.length) return;
    if (this.#place === this.#history.length) this.#aside = this.#draft;
    this.#draft = this.#history[place] ?? this.#aside;
    this.#cursor = this.text.length;
    this.#place = place;
  }

  #remember(draft: Draft): void {
    if (draft.text.trim() !== '' && draft.text !== this.#history.at(-1)?.text) {
      this.#history.push(draft);
      this.#historyUnits += draft.text.length;
    }
    while (this.#history.length > historyMax || this.#historyUnits > historyUnitsMax)
      this.#historyUnits -= this.#history.shift()?.text.length ?? 0;
  }

  #set(draft: Draft): void {
    this.#draft = draft;
    this.#cursor = draft.text.length;
    this.#place = this.#history.length;
    this.#aside = empty;
  }

  #move(place: number): void {
    this.#cursor = place;
  }

  #cutOut(from: number, to: number): void {
    if (from === to) return;
    this.#cut = this.text.slice(from, to);
    this.#replace(from, to);
  }

  #replace(from: number, to: number, text = '', origin: Origin = 't'): void {
    const { text: before, origin: beforeOrigin } = this.#draft;
    this.#draft = {
      text: splice(before, from, to, text),
      origin: splice(beforeOrigin, from, to, origin.repeat(text.length)),
    };
    this.#cursor = from + text.length;
  }

  #left(): number {
    return this.#cursor === 0 ? 0 : this.#segmentAt(this.#cursor - 1).index;
  }

  #right(): number {
    if (this.#cursor === this.text.length) return this.#cursor;
    const { index, segment } = this.#segmentAt(this.#cursor);
    return index + segment.length;
  }

  /** The character as people see it in which this unit is. Only its line is looked at. */
  #segmentAt(place: number): { readonly index: number; readonly segment: string } {
    const start = this.#lineStart(place);
    const line = this.text.slice(start, this.#lineEnd(place) + 1);
    const { index = 0, segment = '' } = graphemes.segment(line).containing(place - start) ?? {};
    return { index: start + index, segment };
  }

  #lineStart(place = this.#cursor): number {
    return place === 0 ? 0 : this.text.lastIndexOf('\n', place - 1) + 1;
  }

  #lineEnd(place = this.#cursor): number {
    const end = this.text.indexOf('\n', place);
    return end < 0 ? this.text.length : end;
  }

  #wordLeft(): number {
    let place = this.beforeCursor.trimEnd().length;
    while (place > 0 && !isSpace(this.text.charAt(place - 1))) place -= 1;
    return place;
  }

  #wordRight(): number {
    return this.#cursor + (/^\s*\S*/u.exec(this.text.slice(this.#cursor))?.[0].length ?? 0);
  }
}

/** At the end, where most is typed, nothing is copied. */
function splice(text: string, from: number, to: number, added: string): string {
  return from === text.length ? text + added : text.slice(0, from) + added + text.slice(to);
}

function isSpace(unit: string): boolean {
  return unit.trim() === '';
}

function isControl(text: string): boolean {
  const code = text.codePointAt(0) ?? 0;
  return code < 0x20 || code === 0x7f;
}
