/**
 * Settings from a file: one mapping whose keys are the names of the flags. JSON is read as YAML,
 * which contains it. One file may serve several roles: each takes its own keys, but a key that no
 * role knows is an error.
 */
import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { describeError } from '../../base/errors.ts';
import { assertPrivate } from '../../base/secrets/private-file.ts';
import { type Role, takesSeveral } from '../option.ts';
import { findOption, optionEntries } from '../options.ts';
import { holdsSecret } from '../secret-options.ts';
import { didYouMean } from '../suggest.ts';
import type { Given, Problem, Reading } from './reading.ts';

/** Options that name their sources are for one command line only. */
const keys = optionEntries.filter(([, option]) => !option.sources).map(([name]) => name);

/** `where` is the flag or variable that named the file. */
export async function readSettingsFile(role: Role, path: string, where: string): Promise<Reading> {
  let content: string;
  let ownership: Stats;
  try {
    const file = await open(path, 'r');
    try {
      ownership = await file.stat();
      content = await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    return failed(where, `cannot read ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
  return parseSettings(role, path, content, () => assertPrivate(path, ownership));
}

/** `assertSecret` is called if there is a secret in it. */
function parseSettings(
  role: Role,
  path: string,
  content: string,
  assertSecret: () => void,
): Reading {
  const lines = new LineCounter();
  // `failsafe` leaves every scalar a string, as from the other sources: `name: 007` is "007".
  const document = parseDocument(content, {
    schema: 'failsafe',
    prettyErrors: false,
    lineCounter: lines,
  });
  const [fault] = document.errors;
  // The parser's own message may quote the line, and with it a secret.
  if (fault)
    return failed(
      path,
      `is not valid YAML or JSON, line ${lines.linePos(fault.pos[0]).line} (${fault.code})`,
    );
  if (document.contents === null) return { given: [], problems: [], warnings: [] };
  if (!isMap(document.contents)) return failed(path, 'must be a mapping of settings');

  const given: Given[] = [];
  const problems: Problem[] = [];
  for (const { key, value } of document.contents.items) {
    const where = `${path}: ${key}`;
    const [name, option] = findOption(String(key)) ?? [];
    if (!name || !option || option.sources) {
      problems.push({
        where,
        source: 'file',
        message: `is not a setting${didYouMean(String(key), keys)}`,
      });
      continue;
    }
    const text = textOf(value);
    // Of whichever role it is.
    if (text && (option.secret || (holdsSecret(option) && text.includes('@')))) {
      const message = problemOf(assertSecret);
      if (message !== undefined) return failed(where, message);
    }
    if (text === null || !(role in option.defaults)) continue;
    if (text === undefined || (isSeq(value) && !takesSeveral(option))) {
      problems.push({ where, source: 'file', message: 'must be a single value' });
    } else {
      given.push({ name, text, source: 'file', where });
    }
  }
  return { given, problems, warnings: [] };
}

function problemOf(assert: () => void): string | undefined {
  try {
    assert();
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

/**
 * Null for a key without a value (not set), undefined for what is neither a scalar nor a list of
 * them.
 */
function textOf(node: unknown): string | null | undefined {
  if (isSeq(node)) {
    const texts = node.items.map(textOf);
    return texts.every((text) => typeof text === 'string') ? texts.join(',') : undefined;
  }
  if (node === null) return null;
  if (!isScalar(node) || typeof node.value !== 'string') return undefined;
  return node.type === 'PLAIN' && ['', 'null', '~'].includes(node.value) ? null : node.value;
}

function failed(where: string, message: string): Reading {
  return { given: [], problems: [{ where, source: 'file', message }], warnings: [] };
}
