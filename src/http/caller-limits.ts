/** Limits of callers, as endpoints declare what of them they are about (endpoint.ts). */
import type { Identity } from '../auth/identity.ts';
import { CimError } from '../base/errors.ts';
import type { CallerLimits } from '../limits/caller-limits.ts';
import type { Endpoint } from './endpoint.ts';
import type { BodyOf, BodySchema } from './schema.ts';

/** More will have been earned by then. */
const sendRetryMs = 1_000;

/** Before anything else is looked at. Throws `too-many-requests`. */
export async function assertRate(
  limits: CallerLimits,
  { rate }: Endpoint,
  address: string,
): Promise<void> {
  if (rate === undefined) return;
  const waitMs = await limits.rates[rate].take(address);
  if (waitMs === 0) return;
  limits.refused[rate].value += 1;
  throw tooMany(waitMs);
}

/** Whoever shows a token counts as the user, as on a connection. Throws `too-many-requests`. */
export function assertSends<Body extends BodySchema>(
  limits: CallerLimits,
  { sends }: Endpoint<Body>,
  body: BodyOf<Body>,
  identity: Identity,
  address: string,
): void {
  if (!sends || identity.kind === 'operator' || identity.kind === 'application') return;
  if (limits.addresses.isExempt(address)) return;
  const { userId, count } = sends(body);
  if (limits.sends.takeOnce(userId, count)) return;
  limits.refused.send.value += 1;
  throw tooMany(sendRetryMs);
}

/** Runs what answers `account-mismatch` to a wrong secret. Throws `too-many-requests`. */
export async function withGuess<Result>(
  limits: CallerLimits,
  account: string,
  address: string,
  run: () => Result,
): Promise<Awaited<Result>> {
  const waitMs = await limits.guesses.take(account, address);
  if (waitMs > 0) {
    limits.refused.guess.value += 1;
    throw tooMany(waitMs);
  }
  let isWrong = false;
  try {
    return await run();
  } catch (error) {
    isWrong = error instanceof CimError && error.kind === 'account-mismatch';
    throw error;
  } finally {
    if (!isWrong) await limits.guesses.giveBack(account, address);
  }
}

function tooMany(retryAfterMs: number): CimError {
  return new CimError('too-many-requests', undefined, { retryAfterMs });
}
