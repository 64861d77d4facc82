/**
 * Reads the messages that wait in a Java system which keeps them in MySQL. It takes a dump of the
 * table `offline_msg` as mysqldump writes it, whatever its options.
 */
import { createReadStream } from 'node:fs';
import { CimError, describeError } from '../../../base/errors.ts';

/** A row, by the names of its columns; null is NULL. */
export type JavaRow = Readonly<Record<string, string | null>>;

/** As the Java system makes the table; a dump that says otherwise is believed. */
const columnsByDefault = [
  ...['id', 'message_id', 'receive_user_id', 'content'],
  ...['message_type', 'status', 'created_at', 'properties'],
];
/** `cim-test`.`offline_msg`, "offline_msg" or offline_msg. */
const table = '(?:[`"]?[^`"\\s.]+[`"]?\\.)?[`"]?offline_msg[`"]?\\s*';
const createPattern = new RegExp(`^CREATE TABLE (?:IF NOT EXISTS )?${table}(?=\\()`, 'i');
const insertPattern = new RegExp(
  `^(?:INSERT|REPLACE)\\s+(?:IGNORE\\s+)?INTO\\s+${table}(?:\\(([^)]*)\\)\\s*)?VALUES\\s*`,
  'i',
);
/** An insert may name its columns in one line and have its values in the next. */
const insertStart = new RegExp(
  `^(?:INSERT|REPLACE)\\s+(?:IGNORE\\s+)?INTO\\s+${table}(?:[\\s(]|VALUES|$)`,
  'i',
);
const columnPattern = /^\s*[`"]?(\w+)[`"]?\s+\w*(?:int|char|text|date|time|json|bit)/gim;
const bytesPerRead = 1024 * 1024;
const escapes: Readonly<Record<string, string>> = {
  0: '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
};

/**
 * Rejects with `unavailable` if the file cannot be read, with `bad-config` if it is no such dump, or
 * only a part of one.
 */
export async function* rowsOfDump(path: string): AsyncGenerator<JavaRow> {
  let columns: readonly string[] = columnsByDefault;
  let isFound = false;
  for await (const statement of statementsOf(path)) {
    isFound = true;
    if (createPattern.test(statement)) {
      const found = [...statement.matchAll(columnPattern)].map(([, name = '']) => name);
      if (found.length > 0) columns = found;
      continue;
    }
    const match = insertPattern.exec(statement);
    if (!match) throw new CimError('bad-config', `--dump: ${path} has an INSERT without VALUES`);
    const [head, named] = match;
    const names = named === undefined ? columns : named.split(',').map(bareName);
    for (const values of tuplesOf(statement, head.length))
      yield Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]));
  }
  if (!isFound)
    throw new CimError(
      'bad-config',
      `--dump: ${path} has nothing of a table offline_msg: mysqldump DATABASE offline_msg writes it`,
    );
}

function bareName(name: string): string {
  return name.trim().replaceAll(/[`"]/g, '');
}

/** Those that are about the table. One may go over several lines, and so may a text in it. */
async function* statementsOf(path: string): AsyncGenerator<string> {
  let lines: string[] = [];
  let quote = '';
  for await (const line of linesOf(path)) {
    if (lines.length === 0 && !createPattern.test(line) && !insertStart.test(line)) continue;
    lines.push(line);
    quote = quoteAfter(line, quote);
    if (quote !== '' || !/;\s*$/.test(line)) continue;
    yield lines.join('\n');
    lines = [];
  }
  if (lines.length > 0)
    throw new CimError('bad-config', `--dump: ${path} ends within a statement: dump it once more`);
}

/** At line feeds only: texts hold whatever else is taken for the end of a line. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  try {
    const options = { encoding: 'utf8', highWaterMark: bytesPerRead } as const;
    for await (const chunk of createReadStream(path, options) as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() as string;
      yield* lines;
    }
  } catch (error) {
    throw new CimError('unavailable', `--dump: ${path} cannot be read: ${describeError(error)}`);
  }
  if (rest !== '') yield rest;
}

/** The quote that is open at the end of the line. A doubled one closes a text and opens it again. */
function quoteAfter(line: string, before: string): string {
  let quote = before;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (quote === '') {
      if (isQuote(character)) quote = character;
    } else if (character === '\\') at += 1;
    else if (character === quote) quote = '';
  }
  return quote;
}

function isQuote(character: string): boolean {
  return character === "'" || character === '"';
}

const wordPattern = /[^,)\s;'"]+/y;

/** `(1,'it''s',NULL),(2,…)` */
function* tuplesOf(sql: string, from: number): Generator<(string | null)[]> {
  let values: (string | null)[] = [];
  let at = from;
  while (at < sql.length) {
    const character = sql[at] as string;
    if (character === '(') {
      values = [];
      at += 1;
    } else if (character === ')') {
      yield values;
      at += 1;
    } else if (isQuote(character)) {
      const { text, end } = textAt(sql, at + 1, character);
      values.push(text);
      at = end;
    } else if (character === ',' || character === ';' || /\s/.test(character)) {
      at += 1;
    } else {
      wordPattern.lastIndex = at;
      const [word = ''] = wordPattern.exec(sql) ?? [];
      at += word.length;
      // `_utf8mb4'…'` and the like say only how what follows is written.
      const isIntroducer = word.startsWith('_') || isQuote(sql[at] ?? '');
      if (!isIntroducer) values.push(word.toUpperCase() === 'NULL' ? null : word);
    }
  }
}

function textAt(
  sql: string,
  from: number,
  quote: string,
): { readonly text: string; readonly end: number } {
  let text = '';
  let at = from;
  for (; at < sql.length; at++) {
    const character = sql[at] as string;
    if (character === '\\') {
      at += 1;
      const escaped = sql[at] ?? '';
      text += escapes[escaped] ?? escaped;
    } else if (character !== quote) {
      text += character;
    } else if (sql[at + 1] === quote) {
      text += quote;
      at += 1;
    } else break;
  }
  return { text, end: at + 1 };
}
