/**
 * Texts that are dear to whatever does not look at their length first, and a count of what is done to
 * them that is dear: a deterministic one, as time on a busy machine measures something else.
 */
import fc from 'fast-check';
import { limits } from '../../src/base/limits.ts';
import { onTeardown } from './teardown.ts';

const units: readonly string[] = [
  // Marks of differing classes, in the order that none may have: sorting them is quadratic.
  '\u0315\u0300',
  'a\u0345\u05b0\u0591\u0300\u0327',
  // Eighteen letters in compatibility form; four; a mark of two.
  '\ufdfa',
  'ﷲ',
  '\u0344',
  // Hangul in parts, and what has three letters without case.
  '\u1112\u1161\u11ab',
  'ΐ',
  // Two units each; half of that; and what is the same whatever the case.
  '😀',
  '\ud83d',
  'x',
  '9',
  '١',
  ' ',
  '#',
  ';;',
  '/',
  '=',
  '.',
  '"',
  '\\',
  '\u0000',
  '\u200d',
];

/** In UTF-16 units; the last is near what a body and a frame may have. */
const lengths = [70, 130, 260, 1_100, 5_000, 70_000, 250_000];

export const longText: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...units), fc.constantFrom(...lengths), fc.constantFrom('', 'a', '#', ':'))
  .map(([unit, length, before]) => `${before}${unit.repeat(Math.ceil(length / unit.length))}`);

export interface NormalisedText {
  /** Characters of the longest text that was normalised since the last look. */
  readonly longest: number;
  /** Of all of them. */
  readonly total: number;
}

/** Counts what is handed to `String.prototype.normalize`, which the tests of a file share. */
export function countNormalised(): () => NormalisedText {
  const { normalize } = String.prototype;
  let [longest, total] = [0, 0];
  String.prototype.normalize = function (this: string, form?: string): string {
    longest = Math.max(longest, this.length);
    total += this.length;
    return normalize.call(this, form);
  };
  onTeardown(() => {
    String.prototype.normalize = normalize;
  });
  return () => {
    const counted = { longest, total };
    [longest, total] = [0, 0];
    return counted;
  };
}

/** Eighteen letters are the most that the normal form has of one character (`ﷺ`). */
const lettersPerCharacter = 18;

/**
 * The longest that anything short can be: what is looked for, whose form is brought into a form once
 * more. And what is done to all texts of one request, a few times over.
 */
export const normalisedMax: NormalisedText = {
  longest: lettersPerCharacter * limits.keywordCharactersMax,
  total: 16_000,
};
