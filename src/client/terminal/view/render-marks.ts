/** How it looks that others have got one's messages, and have read them. Pure. */
import type { MessageTrace } from '../../sdk/index.ts';
import type { ReadBy } from '../readers.ts';
import type { Tick } from '../ticks.ts';
import { dayOf, dim, namesFor, person, type Reader, timeOf } from './heads.ts';
import type { Block, Span } from './layout.ts';
import { beginningOf } from './message-text.ts';
import { noticeBlock } from './remarks.ts';

/** Stored has one tick (render.ts), delivered two, and read two in colour. */
const ticks = {
  delivered: dim('  ✓✓ '),
  read: { text: '  ✓✓ ', style: 'cyan' },
} as const satisfies Record<Tick['kind'], Span>;

/** `✓✓ (2) amy has read hi`, `✓✓ 2 have read hi`, `✓✓ all 5 have hi`. */
export function tickBlock({ kind, by, isAll, message }: Tick, reader: Reader): Block {
  const [only] = by.length === 1 ? by : [];
  const who =
    only === undefined
      ? [{ text: `${isAll ? 'all ' : ''}${by.length}` }]
      : person(only, reader.nameOf(only), reader);
  const verb = `${only === undefined ? ' have ' : ' has '}${kind === 'read' ? 'read ' : ''}`;
  return { head: [ticks[kind], ...who, dim(verb)], body: beginningOf(message.text) };
}

/** Who has read a message, who only has it, and who has not got it yet. */
export function readByBlocks(readBy: ReadBy, reader: Reader): Block[] {
  const { members, delivered, read, named } = readBy;
  if (!named)
    return [noticeBlock(`${read} of ${members} members have read it, ${delivered} have it`)];
  const nameOf = namesFor(reader);
  const rows = [
    ['have read it', named.read],
    ['have it', named.delivered],
    ['not yet', named.missing],
  ] as const;
  return rows.flatMap(([what, userIds]) => {
    const head = [dim(`  ${what} (${userIds.length}): `)];
    return userIds.length === 0 ? [] : [{ head, body: userIds.map(nameOf).join(', ') }];
  });
}

/** Where a message of the reader's is: `stored at 2026-01-31 10:05 as number 7`, `delivered, not read yet`. */
export function traceBlocks({ seq, at, searched, reached }: MessageTrace): Block[] {
  const when = at === null ? '' : ` at ${dayOf(at)} ${timeOf(at)}`;
  const stored =
    seq === null
      ? `not stored: it is not among the newest ${searched} messages there`
      : `stored${when} as number ${seq}`;
  const isUnknown = seq === null && !reached;
  return [stored, ...(isUnknown ? [] : [reachedText(reached)])].map(noticeBlock);
}

function reachedText(reached: MessageTrace['reached']): string {
  if (!reached) return 'nobody is told who has it';
  const { receivers, delivered, read } = reached;
  if (receivers === 0) return 'it is for nobody else';
  if (receivers > 1)
    return `${delivered} of ${receivers} have it${read === null ? '' : `, ${read} have read it`}`;
  const isRead = read === null ? [] : [read > 0 ? 'read' : 'not read yet'];
  return [delivered > 0 ? 'delivered' : 'not delivered yet', ...isRead].join(', ');
}
