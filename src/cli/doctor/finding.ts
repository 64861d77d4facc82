/** What `cim doctor` finds: a line each, and how long a check may take. */
import { setTimeout as delay } from 'node:timers/promises';
import { CimError, describeError } from '../../base/errors.ts';

export type Level = 'ok' | 'warn' | 'bad';

export interface Finding {
  /** What was looked at. */
  readonly check: string;
  readonly level: Level;
  readonly says: string;
  /** What to do about it, unless all is well. */
  readonly remedy?: string;
}

export interface Check {
  readonly name: string;
  /** CimErrors that it rejects with are a finding. */
  run(): Promise<readonly Finding[]>;
}

/** Longer than anything that is asked takes to give up by itself. */
const checkMsMax = 10_000;

/** What it finds, or that it found nothing in time. */
export async function runCheck({ name, run }: Check): Promise<readonly Finding[]> {
  const ending = new AbortController();
  const overdue = delay(checkMsMax, undefined, { signal: ending.signal }).then(
    () => [bad(name, 'it takes too long', 'look whether what it asks hangs')],
    () => [],
  );
  try {
    return await Promise.race([run(), overdue]);
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    return [bad(name, describeError(error), 'the reason says what to look at')];
  } finally {
    ending.abort();
  }
}

export function ok(check: string, says: string): Finding {
  return { check, level: 'ok', says };
}

export function warn(check: string, says: string, remedy: string): Finding {
  return { check, level: 'warn', says, remedy };
}

export function bad(check: string, says: string, remedy: string): Finding {
  return { check, level: 'bad', says, remedy };
}
