/** The rule for user names. Names travel with every message and are printed on terminals. */
import { CimError } from './errors.ts';
import { limits } from './limits.ts';

/** Throws `invalid-argument` or `too-long`. Look-alikes of another name are not refused here. */
export function assertUserName(name: string): void {
  const characters = [...name].length;
  if (characters > limits.nameCharactersMax) {
    throw new CimError(
      'too-long',
      `userName: a name may have ${limits.nameCharactersMax} characters, this one has ${characters}`,
    );
  }
  // Line and paragraph separators are no control characters to Unicode, but to a terminal; half a
  // surrogate pair has no UTF-8 form.
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)) {
    throw new CimError('invalid-argument', 'userName: must not hold control characters');
  }
  if (!/[^\p{C}\p{Z}]/u.test(name)) {
    throw new CimError('invalid-argument', 'userName: must not be blank');
  }
}
