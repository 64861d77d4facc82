/**
 * What a text is found by: its words, without case and accents, and pairs of neighbours in scripts that
 * put no space between words. Pure.
 */
import { limits } from '../../../base/limits.ts';
import { foldedForm } from '../../../base/text/normal-form.ts';

/** Chinese, Japanese, Thai and the like. */
const unspaced =
  '\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}';
const unspacedRuns = new RegExp(`[${unspaced}][${unspaced}\\p{M}]*`, 'gu');
const spacedRuns = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

/** Each once; of a long text those that come first. */
export function wordsOf(text: string): string[] {
  return upToMax(pieces(text, true));
}

/** A text that holds `sought` has, for each of these, a word that begins with it. */
export function soughtWords(sought: string): string[] {
  return upToMax(pieces(sought, false));
}

/** `withLast`: the last of a run by itself as well, since no pair begins with it. */
function* pieces(text: string, withLast: boolean): Generator<string, void> {
  const form = foldedForm(text);
  for (const [word] of form.replace(unspacedRuns, ' ').matchAll(spacedRuns))
    yield word.slice(0, limits.clientWordCharactersMax);
  for (const [run] of form.matchAll(unspacedRuns)) {
    const characters = [...run];
    for (let at = 0; at + 1 < characters.length; at++)
      yield `${characters[at]}${characters[at + 1]}`;
    if (withLast || characters.length === 1) yield characters.at(-1) ?? '';
  }
}

function upToMax(words: Iterable<string>): string[] {
  const distinct = new Set<string>();
  for (const word of words) {
    if (distinct.size >= limits.clientMessageWordsMax) break;
    distinct.add(word);
  }
  return [...distinct];
}
