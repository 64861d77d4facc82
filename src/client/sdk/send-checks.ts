/** What is refused before it takes a number: it would be refused by every route. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Target } from './client-events.ts';

export function assertTarget(target: Target): void {
  if ('group' in target) {
    if (target.group !== '' && target.group.length <= limits.groupNameCharactersMax) return;
    throw new CimError(
      'invalid-argument',
      `a group's name has 1 to ${limits.groupNameCharactersMax} characters`,
    );
  }
  if (!Number.isSafeInteger(target.to) || target.to <= 0)
    throw new CimError('invalid-argument', `${target.to} is no user id`);
}

export function assertText(text: string): void {
  // A UTF-16 unit takes three bytes at most: most texts need no counting.
  if (text.length * 3 <= limits.textBytesMax) return;
  if (new TextEncoder().encode(text).length > limits.textBytesMax) throw new CimError('too-long');
}
