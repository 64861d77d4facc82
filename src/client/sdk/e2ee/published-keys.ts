/** The public keys of an account as a route tells them. */
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';

export interface PublishedKeys {
  readonly userName: string;
  /** Null: the account has none. */
  readonly current: string | null;
  /** Newest first. */
  readonly earlier: readonly string[];
}

/** Whoever answers may be anybody's program: what makes no sense is no answer. */
export function publishedKeysOf(answer: unknown): PublishedKeys | null {
  if (answer === null) return null;
  const { userName, current, earlier } = (answer ?? {}) as Record<string, unknown>;
  const isCurrent = current === null || typeof current === 'string';
  const isEarlier = Array.isArray(earlier) && earlier.every((key) => typeof key === 'string');
  if (typeof userName !== 'string' || !isCurrent || !isEarlier)
    throw new CimError('internal', 'a route answered no keys');
  return { userName, current, earlier: earlier.slice(0, limits.earlierKeysMax) };
}
