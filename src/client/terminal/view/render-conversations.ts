/** How a list of conversations looks, and what is said of one. Pure. */
import type { Conversation } from '../../sdk/index.ts';
import { displayWidth, truncate } from './display-width.ts';
import { dayOf, dim, person, personText, type Reader, timeOf } from './heads.ts';
import type { Block, Span } from './layout.ts';
import { beginningOf, bodyOf } from './message-text.ts';
import { noticeBlock } from './remarks.ts';
import type { Result } from './view.ts';

type Page = Extract<Result, { kind: 'conversations' }>;
type Change = Extract<Result, { kind: 'conversation-set' }>;

/** Of the last message: it is to be recognised, and the list to be looked through. */
const lastColumns = 40;

/** `(7) amy  2026-01-31 10:05  2 unread  [muted]  (7) amy: hi`; whom it is with is whom one writes to. */
export function conversationBlocks(page: Page, reader: Reader): Block[] {
  const { conversations, isMore } = page;
  if (conversations.length === 0)
    return [noticeBlock(isMore ? 'there are no more conversations' : 'no conversations yet')];
  const names = conversations.map((each) => nameOf(each, reader));
  const width = Math.max(...names.map(displayWidth));
  const blocks = conversations.map((each, index): Block => {
    const name = names[index] ?? '';
    const padded = `  ${name}${' '.repeat(width - displayWidth(name))}  `;
    const head = [
      { text: padded, style: 'bold' as const },
      dim(each.at === 0 ? 'no messages yet  ' : `${dayOf(each.at)} ${timeOf(each.at)}  `),
      ...standing(each),
      ...saidBy(each, reader),
    ];
    const body = each.last ? truncate(beginningOf(bodyOf(each.last)), lastColumns) : '';
    return { head, body };
  });
  const end = page.older ? 'end of the list: :more shows older ones' : 'these were all';
  return [...blocks, noticeBlock(end)];
}

export function conversationSetText(
  { change, target }: Change,
  nameOf: (userId: number) => string,
): string {
  const which = 'to' in target ? `the conversation with ${nameOf(target.to)}` : `#${target.group}`;
  const states = {
    mute: 'is muted',
    unmute: 'is not muted any more',
    pin: 'is pinned',
    unpin: 'is not pinned any more',
  } as const;
  return `${which} ${states[change]}, on all your devices`;
}

function nameOf({ peer = 0, group }: Conversation, reader: Reader): string {
  return group === undefined ? personText(peer, reader.nameOf(peer)) : `#${group}`;
}

function standing({ unread, muted, pinned }: Conversation): Span[] {
  return [
    ...(unread > 0 ? [{ text: `${unread} unread  `, style: 'yellow' as const }] : []),
    ...(muted ? [dim('[muted]  ')] : []),
    ...(pinned ? [dim('[pinned]  ')] : []),
  ];
}

function saidBy({ last }: Conversation, reader: Reader): Span[] {
  return last ? [...person(last.from, last.fromName, reader), dim(': ')] : [];
}
