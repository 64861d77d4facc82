/** A process whose clock is wrong: Debian's libfaketime. */
import { existsSync, globSync, rmSync } from 'node:fs';
import { onTeardown } from './teardown.ts';

/** For the environment of a process: its clock is off by this (libfaketime's form: `+5s`, `-1h`). */
export function fakedClock(by: string): Record<string, string> {
  const [library = ''] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
  onTeardown(removeLeft);
  // Not by the program `faketime`, which would stay between us and the process.
  return { LD_PRELOAD: library, FAKETIME: by, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

/** The library removes nothing of what its processes have shared, if they are ended by a signal. */
function removeLeft(): void {
  for (const path of globSync('/dev/shm/{faketime_shm,sem.faketime_sem}_*')) {
    const pid = path.slice(path.lastIndexOf('_') + 1);
    if (!existsSync(`/proc/${pid}`)) rmSync(path, { force: true });
  }
}
