/** How keys of people look, and that one has changed. Pure. */
import type { KeyChange, PeerKey } from '../../sdk/index.ts';
import { personText, type Reader } from './heads.ts';
import type { Block } from './layout.ts';
import { noticeBlock, problemBlock } from './remarks.ts';

export const secretText =
  'whoever has this secret can act as you: show it to nobody. Another device needs it once, in --secret or CIM_SECRET';

export function keyChangeText(
  { userId, userName, wasVerified }: KeyChange,
  reader: Reader,
): string {
  if (userId === reader.userId)
    return 'your account has another key than before: what was encrypted for that one cannot be read here';
  const who = personText(userId, userName ?? reader.nameOf(userId));
  const rest = wasVerified
    ? `nothing is sent to them until you have compared it: :verify ${userId}`
    : `:verify ${userId} shows the number to compare`;
  return `${who} has another key than before; ${rest}`;
}

export function verifyBlocks({
  userId,
  userName,
  safetyNumber,
  verified,
  changed,
}: PeerKey): Block[] {
  const groups = safetyNumber.split(' ');
  const lines = [0, 4, 8].map((start) => groups.slice(start, start + 4).join(' '));
  const who = personText(userId, userName);
  const advice = verified
    ? `you have confirmed it: nothing is sent to ${who} under another key`
    : `compare it with what ${who} sees, by another way; if it is the same: :verify ${userId} ok`;
  const warning = problemBlock(`this is not the key of ${who} that you have confirmed`);
  return [
    ...(changed ? [warning] : []),
    ...lines.map((line) => ({ head: [{ text: `  ${line}`, style: 'bold' as const }], body: '' })),
    noticeBlock(advice),
  ];
}
