/** How it looks that somebody has got one's messages, and has read them. Pure. */
import { safeLine } from '../../../base/text/safe-text.ts';
import type { Mark } from '../../sdk/index.ts';
import type { RecentMessage } from '../recent-messages.ts';
import { dim, person, type Reader } from './heads.ts';
import type { Block, Span } from './layout.ts';

/** Stored has one tick (render.ts), delivered two, and read two in colour. */
const ticks = {
  delivered: dim('  ✓✓ '),
  read: { text: '  ✓✓ ', style: 'cyan' },
} as const satisfies Record<string, Span>;
const verbs = { delivered: ' has ', read: ' has read ' } as const;

/** Nothing where the message was not shown lately, or is of somebody else. */
export function markBlocks(
  kind: keyof typeof ticks,
  { by }: Mark,
  message: RecentMessage | undefined,
  reader: Reader,
): Block[] {
  if (message?.from !== reader.userId || by === reader.userId) return [];
  const [line = ''] = message.text.trimStart().split('\n');
  const head = [ticks[kind], ...person(by, reader.nameOf(by), reader), dim(verbs[kind])];
  return [{ head, body: safeLine(line) }];
}
