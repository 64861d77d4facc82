/**
 * Another user of the machine. Root can make what belongs to them; whoever else runs the tests takes
 * themselves for another user than they are, so that what is their own is a stranger's.
 */
import { chownSync } from 'node:fs';
import { onTeardown } from './teardown.ts';

const own = process.geteuid?.() ?? 0;
const isRoot = own === 0;

/** To whom belongs what is not ours, from `meetStranger` on. */
export const stranger = isRoot ? 65_534 : own;

/** Until the test ends. */
export function meetStranger(): void {
  if (isRoot) return;
  const { geteuid } = process;
  Object.assign(process, { geteuid: () => own + 1 });
  onTeardown(() => {
    Object.assign(process, { geteuid });
  });
}

/** A file or a folder of our own becomes theirs. */
export function giveToStranger(path: string): void {
  if (isRoot) chownSync(path, stranger, stranger);
}
