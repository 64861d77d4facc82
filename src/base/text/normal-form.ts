/**
 * The one way to Unicode's normal form. Normalising takes the square of the length where somebody
 * piles up marks in the wrong order, and one character may become eighteen: so the length is looked
 * at first, and whoever keeps what comes out looks at it again. A test holds all of cim to this file.
 */
import { CimError } from '../errors.ts';

/** A letter may be written as itself and its marks: more than four are in no alphabet. */
const writtenPerCharacter = 4;

/** UTF-16 units in which a text of so many characters may be written. */
export function writtenMax(charactersMax: number): number {
  return writtenPerCharacter * charactersMax;
}

/** Compatibility-composed (NFKC). Throws `too-long`, naming the field. */
export function normalForm(field: string, written: string, charactersMax: number): string {
  assertWritten(field, written, charactersMax);
  return written.normalize('NFKC');
}

/**
 * The same in small letters. A small letter may be one with a mark behind it that its capital has
 * beside it (`Ϊ́`, `ΐ`): so both are done once more, and the form of a form is itself.
 */
export function caselessForm(field: string, written: string, charactersMax: number): string {
  const small = normalForm(field, written, charactersMax).toLowerCase();
  // What has become longer than it may be written is too long, whatever its form.
  if (small.length > writtenMax(charactersMax)) return small;
  return small.normalize('NFKC').toLowerCase();
}

/** No longer than what an alphabet needs: whole texts are brought into a form piece by piece. */
const pieces = /[^\p{M}]*\p{M}{0,32}/gu;

/**
 * The form in which texts are looked for: whatever case, width, ligature or way of composing they are
 * written in, and without what cannot be seen. It takes time that grows with the length alone.
 */
export function searchForm(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase();
  const caseless = compose(text)
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    // Each way once more: ẞ, ß and ss, or ı and i, meet only as capitals.
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    // The dot of İ, and the sigma at the end of a word.
    .replaceAll('i\u0307', 'i')
    .replaceAll('ς', 'σ');
  return compose(caseless);
}

/** The search form without the accents of Latin, Greek and Cyrillic letters: what a store looks for. */
export function foldedForm(text: string): string {
  const form = searchForm(text);
  if (/^[\0-\x7f]*$/.test(form)) return form;
  const decomposed = form.replace(pieces, (piece) => piece.normalize('NFD'));
  return compose(decomposed.replace(/[\u0300-\u036f]/g, ''));
}

/**
 * A character and all that its search form may be one with: marks, what is not seen, and the parts
 * of Korean syllables.
 */
const searchPieces =
  /.[\p{M}\p{Default_Ignorable_Code_Point}\u{1100}-\u{11ff}\u{3130}-\u{318f}\u{a960}-\u{a97f}\u{d7b0}-\u{d7ff}\u{ff9e}-\u{ffdc}]*/gsu;

/** The text in pieces, each of which has a search form of its own: together they are that of all. */
export function inSearchPieces(text: string): string[] {
  return text.match(searchPieces) ?? [];
}

function compose(text: string): string {
  return text.replace(pieces, (piece) => piece.normalize('NFKC'));
}

/** Throws `too-long` for what is longer than any way to write so many characters. */
export function assertWritten(field: string, written: string, charactersMax: number): void {
  if (written.length <= writtenMax(charactersMax)) return;
  throw new CimError(
    'too-long',
    `${field}: may have ${charactersMax} characters, this one has more than ${writtenMax(charactersMax)}`,
  );
}
