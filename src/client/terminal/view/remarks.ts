/** What the terminal itself has to say. */
import { safeLine } from '../../../base/text/safe-text.ts';
import { dim } from './heads.ts';
import type { Block } from './layout.ts';

export function noticeBlock(text: string): Block {
  return { head: [dim('· ')], body: safeLine(text) };
}

export function problemBlock(text: string): Block {
  return { head: [{ text: '! ', style: 'red' }], body: safeLine(text) };
}
