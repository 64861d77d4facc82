/** Asks again what is harmless to repeat, while no answer comes and a person waits for it. */
import { Backoff } from '../../../base/backoff.ts';
import { CimError } from '../../../base/errors.ts';
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
