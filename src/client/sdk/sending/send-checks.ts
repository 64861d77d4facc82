/** Refuses what every route would refuse, before it takes a number. */
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { groupNameOf } from '../../../base/text/names.ts';
import type { Target } from '../client-events.ts';
import type { Draft } from '../e2ee/sealable.ts';

/** The target with its group, if it is one, in the form that the group bears. */
export function checkedTarget(target: Target): Target {
  if ('group' in target) return { group: groupNameOf(target.group) };
  if (!Number.isSafeInteger(target.to) || target.to <= 0)
    throw new CimError('invalid-argument', `${target.to} is no user id`);
  return { to: target.to };
}

/** With the text as it is sent: half a character has no UTF-8 form. */
export function checkedDraft(draft: Draft): Draft {
  const { text, content } = draft;
  const room = limits.textBytesMax - (content?.length ?? 0);
  // A UTF-16 unit takes three bytes at most: most texts need no counting.
  const isShort = text.length * 3 <= room;
  if (room < 0 || (!isShort && new TextEncoder().encode(text).length > room))
    throw new CimError('too-long');
  return { ...draft, text: text.toWellFormed() };
}
