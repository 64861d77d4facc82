/**
 * The rules for names of users and of groups. Names travel with every message and are printed on
 * terminals.
 */
import { CimError } from './errors.ts';
import { limits } from './limits.ts';

/** The form under which names are unique: compatibility-composed and without case. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

/** Throws `invalid-argument` or `too-long`. Look-alikes of another name are not refused here. */
export function assertUserName(name: string): void {
  assertLength('userName', name, limits.nameCharactersMax);
  if (holdsControls(name)) {
    throw new CimError('invalid-argument', 'userName: must not hold control characters');
  }
  if (!/[^\p{C}\p{Z}]/u.test(name)) {
    throw new CimError('invalid-argument', 'userName: must not be blank');
  }
}

/**
 * The name of a group as somebody wrote it, in the one form that the group bears: `Cooks` and
 * `cooks` are one group, `cooks`. Throws `invalid-argument` or `too-long`.
 */
export function groupNameOf(written: string): string {
  const name = nameKey(written);
  assertLength('group', name, limits.groupNameCharactersMax);
  const problem = problemOfGroupName(name);
  if (problem !== null) throw new CimError('invalid-argument', `group: ${problem}`);
  return name;
}

/** Whether a group can bear this very name. */
export function isGroupName(name: string): boolean {
  return (
    // Before all else, and in UTF-16 units: what comes here is as long as a frame.
    name.length <= 2 * limits.groupNameCharactersMax &&
    [...name].length <= limits.groupNameCharactersMax &&
    nameKey(name) === name &&
    problemOfGroupName(name) === null
  );
}

/** `#name;;text` is how a message to a group is typed: a name must leave that readable. */
function problemOfGroupName(name: string): string | null {
  if (holdsControls(name)) return 'must not hold control characters';
  if (/\s/u.test(name)) return 'must not hold white space';
  if (name.includes('#')) return 'must not hold #';
  if (name.includes(';;')) return 'must not hold ;;';
  if (!/[^\p{C}\p{Z}]/u.test(name)) return 'must not be blank';
  return null;
}

function assertLength(field: string, name: string, charactersMax: number): void {
  const characters = [...name].length;
  if (characters > charactersMax) {
    throw new CimError(
      'too-long',
      `${field}: a name may have ${charactersMax} characters, this one has ${characters}`,
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
