/**
 * How often a secret may be guessed: so many times a minute from one address, and some times that
 * from all. Whoever guesses from one address keeps its owner out of nothing; whoever has many
 * addresses still guesses little, and does not hold up an owner who comes from where they were right
 * before.
 */
import { LRUCache } from 'lru-cache';
import { limits } from '../base/limits.ts';
import { type ClientAddresses, groupOf } from './addresses.ts';
import { RateLimit } from './rate-limit.ts';

/**
 * Runs a comparison with a secret, as one guess at it: that of an account, by its id. Throws
 * `too-many-requests`.
 */
export type Guess = (account: number, isRight: () => boolean) => Promise<boolean>;

/**
 * The same with the password of an operator. All names that are tried from one address count as one,
 * as names are guessed, too.
 */
export type OperatorGuess = (name: string, isRight: () => Promise<boolean>) => Promise<boolean>;

export class GuessRate {
  readonly #addresses: ClientAddresses;
  readonly #fromOne: RateLimit;
  readonly #fromAll: RateLimit;
  /** From where which secret was told right: those of late. */
  readonly #wasRight = new LRUCache<string, true>({ max: limits.rateNamesMax });

  constructor(addresses: ClientAddresses, perMinute: number) {
    this.#addresses = addresses;
    this.#fromOne = new RateLimit(perMinute);
    this.#fromAll = new RateLimit(perMinute * limits.failedLoginAddressesMax);
  }

  /**
   * Runs the comparison unless there were too many guesses: then 0 < `waitMs` says when to try again.
   * A guess is counted before it is known to be one: many at once are no way around it. `family`: of
   * secrets that count as one from one address.
   */
  async run(
    secret: string,
    address: string,
    isRight: () => boolean | Promise<boolean>,
    family = secret,
  ): Promise<{ readonly waitMs: number } | { readonly isRight: boolean }> {
    if (this.#addresses.isExempt(address)) return { isRight: await isRight() };
    const one = `${groupOf(address)} ${family}`;
    const known = `${one} ${secret}`;
    const isKnown = this.#wasRight.has(known);
    const waitMs =
      (await this.#fromOne.take(one)) || (isKnown ? 0 : await this.#fromAll.take(secret));
    if (waitMs > 0) return { waitMs };
    if (!(await isRight())) return { isRight: false };
    await this.#fromOne.giveBack(one);
    if (!isKnown) await this.#fromAll.giveBack(secret);
    this.#wasRight.set(known, true);
    return { isRight: true };
  }
}
