/** Limits of callers, as endpoints declare what of them they are about (endpoint.ts). */
import type { ClusterGuess, Identity } from '../auth/identity.ts';
import { CimError } from '../base/errors.ts';
import { groupOf } from '../limits/addresses.ts';
import type { CallerLimits } from '../limits/caller-limits.ts';
import type { Guess, OperatorGuess } from '../limits/guess-rate.ts';
import type { PortLimits } from '../limits/port-limits.ts';
import type { ReadRate } from '../limits/read-rates.ts';
import { isExempt } from './access.ts';
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
  if (!sends || isExempt(identity)) return;
  if (limits.addresses.isExempt(address)) return;
  const { userId, ...sending } = sends(body);
  if (limits.sends.takeOnce(userId, sending)) return;
  limits.refused.send.value += 1;
  throw tooMany(sendRetryMs);
}

/**
 * What a caller may read: null if as much as it likes. Whoever shows nothing reads for whom the body
 * names, as it may with `--auth open`, or is known by the address alone. Throws `too-many-requests`
 * for a user who has read too much of late.
 */
export function readRateOf<Body extends BodySchema>(
  limits: CallerLimits,
  { access }: Endpoint<Body>,
  body: BodyOf<Body>,
  identity: Identity,
  address: string,
): ReadRate | null {
  if (access.who !== 'users' || identity.kind === 'operator' || identity.kind === 'application')
    return null;
  if (limits.addresses.isExempt(address)) return null;
  const named: unknown = access.actor === undefined ? undefined : body[access.actor];
  const anybody = typeof named === 'number' ? named : groupOf(address);
  const rate = limits.reads.hold(identity.kind === 'user' ? identity.userId : anybody);
  limits.reads.release(rate);
  const { waitMs } = rate;
  if (waitMs === 0) return rate;
  limits.refused.read.value += 1;
  throw tooMany(waitMs);
}

/**
 * What a request leaves in the store for days, beside messages: so often in an hour for each user.
 * Throws `too-many-requests`.
 */
export async function assertKept<Body extends BodySchema>(
  limits: CallerLimits,
  { keeps, access }: Endpoint<Body>,
  { body, identity, key, address }: KeptRequest<Body>,
): Promise<void> {
  const kept = key === undefined ? keeps : 'idempotency-key';
  if (kept === undefined || isExempt(identity)) return;
  if (limits.addresses.isExempt(address)) return;
  const waitMs = await limits.kept[kept].take(callerName(access, body, identity, address));
  if (waitMs === 0) return;
  limits.refused.kept.value += 1;
  throw tooMany(waitMs);
}

export interface KeptRequest<Body extends BodySchema> {
  readonly body: BodyOf<Body>;
  readonly identity: Identity;
  /** The header Idempotency-Key. */
  readonly key: string | undefined;
  readonly address: string;
}

/** The user, if known; else the one whom the body names, or the address. */
function callerName<Body extends BodySchema>(
  access: Endpoint<Body>['access'],
  body: BodyOf<Body>,
  identity: Identity,
  address: string,
): string {
  if (identity.kind === 'user') return String(identity.userId);
  const actor = access.who === 'users' ? access.actor : undefined;
  const named: unknown = actor === undefined ? undefined : body[actor];
  return typeof named === 'number' ? String(named) : groupOf(address);
}

/** How a caller from this address guesses the cluster secret. */
export function clusterGuessFrom(limits: PortLimits | undefined, address: string): ClusterGuess {
  return async (isRight) => {
    if (!limits) return isRight();
    const guess = await limits.guesses.run('cluster', address, isRight);
    if ('isRight' in guess) return guess.isRight;
    limits.guessesRefused.value += 1;
    throw tooMany(guess.waitMs);
  };
}

/** How a caller from this address guesses the secrets of accounts. */
export function guessFrom(limits: CallerLimits | undefined, address: string): Guess {
  return async (account, isRight) => {
    if (!limits) return isRight();
    const guess = await limits.guesses.run(String(account), address, isRight);
    if ('isRight' in guess) return guess.isRight;
    limits.refused.guess.value += 1;
    throw tooMany(guess.waitMs);
  };
}

/** How a caller from this address guesses the passwords of operators. */
export function operatorGuessFrom(
  limits: CallerLimits | undefined,
  address: string,
): OperatorGuess {
  return async (name, isRight) => {
    if (!limits) return isRight();
    const guess = await limits.guesses.run(`operator ${name}`, address, isRight, 'operators');
    if ('isRight' in guess) return guess.isRight;
    limits.refused.guess.value += 1;
    throw tooMany(guess.waitMs);
  };
}

function tooMany(retryAfterMs: number): CimError {
  return new CimError('too-many-requests', undefined, { retryAfterMs });
}
