/** How it looks to a person who comes and goes. Pure. */
import type { UserPresence } from '../../sdk/index.ts';
import { dayOf, personText, type Reader, timeOf } from './heads.ts';

/** `(2) amy is online`, `(2) amy is offline, last seen 2026-01-31 10:05`. */
export function presenceText(
  { userId, online, lastSeen }: UserPresence,
  { nameOf }: Pick<Reader, 'nameOf'>,
): string {
  const who = personText(userId, nameOf(userId));
  if (online) return `${who} is online`;
  const seen = lastSeen === undefined ? '' : `, last seen ${dayOf(lastSeen)} ${timeOf(lastSeen)}`;
  return `${who} is offline${seen}`;
}
