/** How it looks when something happens to a message that is there already, or is said of one. Pure. */
import { safeLine, safeText } from '../../../base/text/safe-text.ts';
import type { EditedMessage, MessageReactions, RetractedMessage } from '../../sdk/index.ts';
import type { RecentMessage } from '../recent-messages.ts';
import { dim, person, type Reader, receiver, timeOf } from './heads.ts';
import type { Block, Span } from './layout.ts';
import { beginningOf } from './message-text.ts';
import { secrecyMark } from './render.ts';

/** The message that the block below is about; nothing, if it was not shown lately. */
export function quoteBlocks(message: RecentMessage | undefined, reader: Reader): Block[] {
  if (!message) return [];
  const head = [dim('  ┌ '), ...person(message.from, message.fromName, reader), dim(': ')];
  return [{ head, body: beginningOf(message.text) }];
}

export function editedBlock(edited: EditedMessage, reader: Reader): Block {
  const head = [
    ...headOf(edited, reader),
    ...secrecyMark(edited),
    dim(' [edited]'),
    { text: ': ' },
  ];
  return { head, body: safeText(edited.text) };
}

/** `message`: what it was, if it was shown lately. Its text is not said once more. */
export function retractedBlock(
  retracted: RetractedMessage,
  message: RecentMessage | undefined,
  reader: Reader,
): Block {
  const which = message ? `the message of ${timeOf(message.at)}` : 'a message';
  return { head: [...headOf(retracted, reader), dim(` [retracted ${which}]`)], body: '' };
}

export function reactionsBlock(reactions: MessageReactions, reader: Reader): Block {
  const body = reactions.emoji.map(safeLine).join(' ');
  const mark = body === '' ? ' [took back the reaction]' : ' [reaction]: ';
  return { head: [...headOf(reactions, reader), dim(mark)], body };
}

function headOf({ from, fromName, to, group, at }: RetractedMessage, reader: Reader): Span[] {
  const target = group === undefined ? { to: to ?? reader.userId } : { group };
  return [dim(`${timeOf(at)} `), ...person(from, fromName, reader), ...receiver(target, reader)];
}
