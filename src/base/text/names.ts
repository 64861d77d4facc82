/**
 * The rules for names of users and of groups. Names travel with every message and are printed on
 * terminals, so a name must be what it looks like: nothing in it is invisible, turns the writing
 * round, or makes it read as somebody's number. Names that look like each other because their
 * letters do (a Latin and a Cyrillic a) are not refused; that is what ids are shown for.
 */
import { CimError } from '../errors.ts';
import { limits } from '../limits.ts';
import { assertWritten, caselessForm, normalForm } from './normal-form.ts';

/**
 * The form under which names of users are unique: without case, without what cannot be seen, and
 * with one space for any white space. Throws `too-long` for what is longer than any name.
 */
export function nameKey(name: string): string {
  const caseless = userForm(name)
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    // Each way once more: ẞ, ß and ss, or the two small sigmas, meet only as capitals.
    .toLowerCase()
    .toUpperCase()
    .toLowerCase();
  // One letter without case may be three, of which two are marks.
  const composed = normalForm('userName', caseless, caselessMax);
  return composed.trim().replace(/\s+/gu, ' ');
}

const caselessMax = 3 * limits.nameCharactersMax;

/** Throws `invalid-argument` or `too-long`. */
export function assertUserName(name: string): void {
  assertWritten('userName', name, limits.nameCharactersMax);
  assertLength('userName', name, limits.nameCharactersMax);
  // One character may stand for eighteen, and in these the name is compared and kept.
  assertLength('userName', userForm(name), limits.nameCharactersMax);
  const problem =
    problemOfAnyName(name) ?? (readsAsNumber(name) ? 'must not read as a number' : null);
  if (problem !== null) throw new CimError('invalid-argument', `userName: ${problem}`);
}

/**
 * The name of a group as somebody wrote it, in the one form that the group bears: `Cooks` and
 * `cooks` are one group, `cooks`. Throws `invalid-argument` or `too-long`.
 */
export function groupNameOf(written: string): string {
  const name = groupForm(written);
  assertLength('group', name, limits.groupNameCharactersMax);
  const problem = problemOfGroupName(name);
  if (problem !== null) throw new CimError('invalid-argument', `group: ${problem}`);
  return name;
}

/** A title as somebody wrote it, without white space around it. Throws `invalid-argument` or `too-long`. */
export function groupTitleOf(written: string): string {
  assertWritten('title', written, limits.groupTitleCharactersMax);
  const title = written.trim();
  assertLength('title', title, limits.groupTitleCharactersMax);
  const problem = title === '' ? null : problemOfAnyName(title);
  if (problem !== null) throw new CimError('invalid-argument', `title: ${problem}`);
  return title;
}

/** Whether a group can bear this very name. */
export function isGroupName(name: string): boolean {
  return (
    // In UTF-16 units: what comes here may be as long as a frame.
    name.length <= 2 * limits.groupNameCharactersMax &&
    [...name].length <= limits.groupNameCharactersMax &&
    groupForm(name) === name &&
    problemOfGroupName(name) === null
  );
}

function groupForm(written: string): string {
  return caselessForm('group', written, limits.groupNameCharactersMax);
}

/** Compatibility-composed. */
function userForm(written: string): string {
  return normalForm('userName', written, limits.nameCharactersMax);
}

/**
 * `#name;;text` is how a message to a group is typed: a name must leave that readable. It may be a
 * number: the # tells it from a user's.
 */
function problemOfGroupName(name: string): string | null {
  if (/\s/u.test(name) && !holdsControls(name)) return 'must not hold white space';
  if (name.includes('#')) return 'must not hold #';
  if (name.includes(';;')) return 'must not hold ;;';
  return problemOfAnyName(name);
}

function problemOfAnyName(name: string): string | null {
  // Of most names there is nothing more to say, and one is looked at for each message to a group.
  if (/^[!-~]+$/.test(name)) return null;
  if (holdsControls(name)) return 'must not hold control characters';
  if (isBlank(name)) return 'must not be blank';
  if (holdsInvisible(name)) return 'must not hold invisible characters';
  if (/[\p{Co}\p{Cn}]/u.test(name)) return 'must not hold characters without a meaning';
  if (/^\p{M}/u.test(name)) return 'must not begin with a mark that goes onto another character';
  if (marksPiled.test(name)) return `must not pile more than ${marksMax} marks onto a character`;
  return null;
}

function assertLength(field: string, name: string, charactersMax: number): void {
  const characters = [...name].length;
  if (characters > charactersMax) {
    throw new CimError(
      'too-long',
      `${field}: may have ${charactersMax} characters, this one has ${characters}`,
    );
  }
}

/**
 * Line and paragraph separators are no control characters to Unicode, but to a terminal; half a
 * surrogate pair has no UTF-8 form.
 */
function holdsControls(name: string): boolean {
  return /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name);
}

/** What shows nothing, and is not counted as white space: format characters, fillers, an empty Braille cell. */
const invisible = String.raw`\p{Cf}\p{Default_Ignorable_Code_Point}\u{2800}`;
const anyInvisible = new RegExp(`[${invisible}]`, 'u');
const onlyInvisible = new RegExp(String.raw`^[${invisible}\p{C}\p{Z}]*$`, 'u');

function isBlank(name: string): boolean {
  return onlyInvisible.test(name);
}

/**
 * Scripts whose letters are joined, or kept apart, by the two joiners: words are misspelt without
 * them.
 */
const joined = [
  ...['Arabic', 'Syriac', 'Mongolian', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya'],
  ...['Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala', 'Khmer', 'Myanmar'],
].map((script) => String.raw`\p{Script=${script}}`);
const joiners = new RegExp(
  String.raw`(?<=[${joined.join('')}])[\u{200c}\u{200d}](?=[${joined.join('')}])`,
  'gu',
);

/** The joiners and selectors of an emoji are part of it. */
function holdsInvisible(name: string): boolean {
  if (!anyInvisible.test(name)) return false;
  return anyInvisible.test(name.replace(/\p{RGI_Emoji}/gv, '').replace(joiners, ''));
}

/** More than any script needs; with hundreds one writes across the lines above and below. */
const marksMax = 8;
const marksPiled = new RegExp(String.raw`\p{M}{${marksMax + 1}}`, 'u');

/**
 * Digits of any script, full-width, raised, circled, with whatever stands between the digits of
 * numbers: people are addressed by their numbers, and nobody is to pass for another's.
 */
function readsAsNumber(name: string): boolean {
  return [name, userForm(name)].some((written) =>
    /^\p{N}+$/u.test(written.replace(betweenDigits, '')),
  );
}

/** Marks, spaces, punctuation and signs; but an emoji makes a name of a digit. */
const betweenDigits = /[\p{M}\p{Z}\p{P}\p{C}\p{Sc}\p{Sk}\p{Sm}]/gu;
