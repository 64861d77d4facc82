/** Asks again what is harmless to repeat: while no answer comes, or it may be done later. */
import { Backoff } from '../../../base/backoff.ts';
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { Platform } from '../platform.ts';

/** About two seconds of trying. */
const attemptsMax = 5;

/**
 * What the request resolves to. Rejects with `unconfirmed` when the last attempt got no answer
 * either: then nobody knows whether it was done.
 */
export async function asLongAsUnanswered<Answer>(
  { clock, random }: Pick<Platform, 'clock' | 'random'>,
  request: () => Promise<Answer>,
): Promise<Answer> {
  const backoff = new Backoff({ baseMs: 200, capMs: 2_000, random: () => random.fraction() });
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof CimError) || !error.retryable) throw error;
      if (attempt === attemptsMax) throw new CimError('unconfirmed', undefined, { cause: error });
    }
    await new Promise<void>((resolve) => clock.setTimeout(resolve, backoff.next()));
  }
}

/**
 * Asks again what may be answered later, for some minutes. Rejects with the CimError of the last
 * attempt, or the reason of `signal`.
 */
export async function patiently<Answer>(
  { clock, random }: Pick<Platform, 'clock' | 'random'>,
  signal: AbortSignal | undefined,
  request: () => Promise<Answer>,
): Promise<Answer> {
  const backoff = new Backoff({ baseMs: 500, capMs: 10_000, random: () => random.fraction() });
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await request();
    } catch (error) {
      const mayWork = error instanceof CimError && error.retryable;
      if (!mayWork || attempt === limits.patientAttemptsMax) throw error;
      await pause(clock, error.retryAfterMs ?? backoff.next(), signal);
    }
  }
}

/** Ends early when `signal` says so. */
export function pause(
  clock: Platform['clock'],
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
