/** How the results of :export, :open and :delete-account look, and what is on its way. */
import { sizeText } from '../../../codec/content-words.ts';
import type { Result, Transfer } from './view.ts';

export function exportedText({
  file,
  messages,
  expired,
}: Extract<Result, { kind: 'exported' }>): string {
  const count = messages === 1 ? 'one message' : `${messages} messages`;
  const older = expired ? '; older ones are not kept any more' : '';
  return `${file} has all that is kept of you, with ${count}${older}. Only you may read it`;
}

/** As its sender calls it, and as it is called here. */
export function openedText({ file, name, bytes }: Extract<Result, { kind: 'opened' }>): string {
  return `${name} (${sizeText(bytes)}) is saved: ${file}`;
}

const barColumns = 20;

/** `sending a.png ██████░░░░ 60 %` */
export function transferText({ what, percent }: Transfer): string {
  const done = Math.round((percent / 100) * barColumns);
  return `${what} ${'█'.repeat(done)}${'░'.repeat(barColumns - done)} ${percent} %`;
}

export const deletedText =
  'your account is deleted. What is left on this device is in the folder of your data: delete it, too';
