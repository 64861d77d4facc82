/**
 * Accounts in Redis. An account and its name bear different hash tags, so they are written in two steps:
 *
 * 1. The name is claimed for an id (scripts/claim-name.lua).
 * 2. The account is created under that name (scripts/create-account.lua), while the claim is younger than half of `limits.nameClaimMs`.
 *
 * A crash between them leaves a claim without an account. Whoever comes next for the name either finishes that registration (same id, or
 * none asked) or, once the claim is older than `limits.nameClaimMs`, puts a claim of its own in its place; the step that was left out can
 * not happen any more by then. A claim whose account bears another name is void at once: accounts never change their names.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { nameKey } from '../../base/text/names.ts';
import type {
  Account,
  Accounts,
  Credential,
  KeyPair,
  PublicKeys,
  Registration,
  RegistrationResult,
  SecretChange,
} from '../accounts.ts';
import { userTimeline } from '../timelines.ts';
import type { RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';
import { isOfDeleted } from './watchers.ts';

interface Claim {
  readonly raw: string;
  readonly userId: number;
  readonly claimedMs: number;
  readonly ageMs: number;
}

/** Others may register the same name or id at the same time; each round somebody gets further. */
const roundsMax = 20;

export class RedisAccounts implements Accounts {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async register(registration: Registration): Promise<RegistrationResult> {
    const { userId } = registration;
    for (let round = 0; round < roundsMax; round += 1) {
      const result = await this.#attempt(registration);
      // Somebody else may have the name of a deleted account by now.
      const isOthers = result?.status === 'name-taken' && userId !== undefined;
      if (isOthers && (await this.isDeleted(userId))) return { status: 'deleted' };
      if (result) return result;
    }
    throw new CimError('busy');
  }

  async isDeleted(userId: number): Promise<boolean> {
    const [watchers] = await this.#calls.getAll([this.#keys.watchers(userTimeline(userId))]);
    return isOfDeleted(watchers);
  }

  /** The account that had the name was deleted. */
  async freeName(name: string, userId: number): Promise<void> {
    const claim = await this.#claim(name, '', '');
    if (claim?.userId === userId) await this.#release(name, claim);
  }

  async get(userIds: readonly number[]): Promise<(Account | null)[]> {
    const replies = await this.#read(userIds, ['name']);
    return userIds.map((userId, index) => {
      const [name] = replies[index] ?? [];
      return name ? { userId, name } : null;
    });
  }

  async named(name: string): Promise<Account | null> {
    const claim = await this.#claim(name, '', '');
    const [account = null] = claim ? await this.get([claim.userId]) : [];
    return account && nameKey(account.name) === nameKey(name) ? account : null;
  }

  async credential(userId: number): Promise<(Account & Credential) | null> {
    const [[name, verifier, generation] = []] = await this.#read(
      [userId],
      ['name', 'verifier', 'generation'],
    );
    if (!name) return null;
    return { userId, name, verifier: verifier ?? '', generation: Number(generation) };
  }

  async replaceSecret(change: SecretChange): Promise<number | null> {
    const { userId, expected, verifier, wrappedKey } = change;
    return (await this.#calls.run(
      scripts.replaceSecret,
      [this.#keys.account(userId)],
      [
        ...[expected ?? '', expected === null ? 0 : 1, verifier],
        ...[wrappedKey ?? '', limits.earlierKeysMax],
      ],
    )) as number | null;
  }

  async revoke(userId: number): Promise<number | null> {
    return this.#revoke(userId, '');
  }

  async setBlocked(userId: number, isBlocked: boolean): Promise<number | null> {
    return this.#revoke(userId, isBlocked ? 'block' : 'unblock');
  }

  async #revoke(userId: number, what: '' | 'block' | 'unblock'): Promise<number | null> {
    const account = this.#keys.account(userId);
    return (await this.#calls.run(scripts.revokeAccount, [account], [what])) as number | null;
  }

  async offerKeys(userId: number, { publicKey, wrappedKey }: KeyPair): Promise<KeyPair | null> {
    const reply = (await this.#calls.run(
      scripts.offerKeys,
      [this.#keys.account(userId)],
      [publicKey, wrappedKey],
    )) as [publicKey: Buffer, wrappedKey: Buffer] | null;
    return reply && { publicKey: reply[0].toString(), wrappedKey: reply[1].toString() };
  }

  async keyPair(userId: number): Promise<KeyPair | null> {
    const [[publicKey, wrappedKey] = []] = await this.#read([userId], ['public', 'wrapped']);
    return publicKey && wrappedKey ? { publicKey, wrappedKey } : null;
  }

  async publicKeys(userIds: readonly number[]): Promise<(PublicKeys | null)[]> {
    const replies = await this.#read(userIds, ['name', 'public', 'earlier']);
    return userIds.map((userId, index) => {
      const [name, current = null, earlier] = replies[index] ?? [];
      if (!name) return null;
      return { account: { userId, name }, current, earlier: earlier?.split(' ') ?? [] };
    });
  }

  /** These fields of each account, in their order. */
  async #read(userIds: readonly number[], fields: readonly string[]): Promise<(string | null)[][]> {
    const items = userIds.map((userId) => ({ keys: [this.#keys.account(userId)], args: [] }));
    const replies = await this.#calls.runAll(scripts.readAccounts, items, fields);
    return (replies as (Buffer | null)[][]).map((values) =>
      values.map((value) => value?.toString() ?? null),
    );
  }

  /** Null when somebody else was faster and all has to be looked at again. */
  async #attempt(registration: Registration): Promise<RegistrationResult | null> {
    const { name, userId } = registration;
    const standing = await this.#claim(name, '', '');
    if (standing) {
      const [owner = null] = await this.get([standing.userId]);
      if (owner && nameKey(owner.name) === nameKey(name)) {
        if (userId !== undefined && userId !== owner.userId)
          return { status: 'name-taken', account: owner };
        return { status: 'registered', account: owner, created: false };
      }
      const pending = owner === null && standing.ageMs < limits.nameClaimMs;
      if (pending && userId !== undefined && userId !== standing.userId) {
        return { status: 'name-taken', account: { userId: standing.userId, name } };
      }
      return this.#claimAndCreate(registration, pending ? standing.userId : userId, standing.raw);
    }
    return this.#claimAndCreate(registration, userId, '');
  }

  async #claimAndCreate(
    { name, userId: asked, verifier = '' }: Registration,
    chosen: number | undefined,
    voidClaim: string,
  ): Promise<RegistrationResult | null> {
    const userId =
      chosen ?? Number(await this.#calls.run(scripts.drawUserId, [this.#keys.lastUserId()]));
    const claim = await this.#claim(name, `${userId}`, voidClaim);
    if (claim?.userId !== userId) return null;

    const deadlineMs = claim.claimedMs + limits.nameClaimMs / 2;
    const [status, existing] = await this.#create({ userId, name }, verifier, deadlineMs);
    if (status === 'late') return null;
    if (status === 'created')
      return { status: 'registered', account: { userId, name }, created: true };
    if (existing !== undefined && nameKey(existing) === nameKey(name))
      return { status: 'registered', account: { userId, name: existing }, created: false };
    // Another name has the id, or had it. The claim is void anyway; this only tidies up.
    await this.#release(name, claim);
    if (asked === undefined) return null;
    if (existing === undefined) return { status: 'deleted' };
    return { status: 'id-taken', account: { userId, name: existing } };
  }

  async #release(name: string, { raw }: Claim): Promise<void> {
    await this.#calls.run(scripts.releaseName, [this.#keys.name(name)], [raw]);
  }

  /** The claim that stands after trying to put one for `userId` in the place of `voidClaim`; an empty `userId` only looks. */
  async #claim(name: string, userId: string, voidClaim: string): Promise<Claim | null> {
    const key = this.#keys.name(name);
    const [raw, nowMs] = (await this.#calls.run(scripts.claimName, [key], [userId, voidClaim])) as [
      Buffer | null,
      number,
    ];
    if (!raw) return null;
    const text = raw.toString();
    const [id, claimedMs] = text.split(':').map(Number) as [number, number];
    return { raw: text, userId: id, claimedMs, ageMs: nowMs - claimedMs };
  }

  /** With the name that the account bears if there is one. */
  async #create(
    { userId, name }: Account,
    verifier: string,
    deadlineMs: number,
  ): Promise<['created' | 'late' | 'deleted' | 'exists', string?]> {
    const [status, existing] = (await this.#calls.run(
      scripts.createAccount,
      [this.#keys.account(userId), this.#keys.watchers(userTimeline(userId))],
      [name, deadlineMs, verifier],
    )) as [Buffer, Buffer?];
    const told = status.toString() as 'created' | 'late' | 'deleted' | 'exists';
    return existing ? [told, existing.toString()] : [told];
  }
}
