import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { assertUserName, groupNameOf, nameKey } from '../../../../src/base/text/names.ts';
import { normalForm } from '../../../../src/base/text/normal-form.ts';
import { countNormalised } from '../../../support/long-text.ts';

test('nothing else normalises a text: only here its length is looked at first', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts'));
  expect(sources.length).toBeGreaterThan(100);
  const found = sources.filter((file) =>
    /\.\s*normalize\b|localeCompare|Collator/.test(readFileSync(join('src', file), 'utf8')),
  );
  // A report of `cim bench` sorts the names of its own processes.
  expect(found.toSorted()).toEqual(['base/text/normal-form.ts', 'bench/system-processes.ts']);
});

test('a text may be written in four units for each character, and not one more', () => {
  const normalised = countNormalised();
  expect(normalForm('name', 'e\u0301'.repeat(6), 3)).toBe('é'.repeat(6));
  expect(normalised().total).toBe(12);
  expect(() => normalForm('name', 'x'.repeat(13), 3)).toThrow(
    'name: may have 3 characters, this one has more than 12',
  );
  expect(normalised().total).toBe(0);
});

test('a name has its bound in the form in which it is compared, too', () => {
  const { nameCharactersMax } = limits;
  // One character that stands for eighteen.
  const ligatures = '\ufdfa'.repeat(4);
  expect(() => assertUserName(ligatures)).toThrow(
    'userName: may have 64 characters, this one has 72',
  );
  expect(() => groupNameOf(ligatures)).toThrow();
  expect(() => assertUserName('ﬁ'.repeat(nameCharactersMax / 2))).not.toThrow();
  expect(() => assertUserName(`ﬁ${'ﬁ'.repeat(nameCharactersMax / 2)}`)).toThrow();
});

test.each([
  ['of letters that are three without case', 'ΐ'.repeat(64)],
  ['of eighteen each', '\ufdfa'.repeat(256)],
])('a name %s has a key, or is refused', (_, name) => {
  const run = () => nameKey(name).length;
  try {
    expect(run()).toBeLessThanOrEqual(12 * limits.nameCharactersMax);
  } catch (error) {
    expect(error).toMatchObject({ kind: 'too-long' });
  }
});
