/** Accounts and keys of applications in memory, as src/store/ says it, and nothing besides. */
import { limits } from '../../src/base/limits.ts';
import { nameKey } from '../../src/base/text/names.ts';
import {
  type Account,
  type Accounts,
  type Credential,
  isBlocked,
  type KeyPair,
  type PublicKeys,
  type Registration,
  type RegistrationResult,
  type SecretChange,
} from '../../src/store/accounts.ts';
import type { ApiKey, ApiKeys } from '../../src/store/api-keys.ts';
import type { KnownAccount, MemoryData } from './memory-shard.ts';

export class MemoryAccounts implements Accounts {
  readonly #accounts: Map<number, KnownAccount>;
  readonly #deletions: MemoryData['deletions'];
  readonly #now: () => number;

  constructor({ accounts, deletions }: MemoryData, now: () => number) {
    this.#deletions = deletions;
    this.#accounts = accounts;
    this.#now = now;
  }

  async register({ name, userId, verifier = '' }: Registration): Promise<RegistrationResult> {
    if (userId !== undefined && this.#deletions.has(userId)) return { status: 'deleted' };
    for (const known of this.#accounts.values()) {
      if (nameKey(known.name) !== nameKey(name)) continue;
      const account = accountOf(known);
      const isSame = userId === undefined || userId === known.userId;
      return isSame
        ? { status: 'registered', account, created: false }
        : { status: 'name-taken', account };
    }
    const holder = userId === undefined ? undefined : this.#accounts.get(userId);
    if (holder) return { status: 'id-taken', account: accountOf(holder) };
    const account = { userId: userId ?? this.#freeId(), name };
    this.#change({ ...account, verifier, generation: 1, pair: null, earlier: [] });
    return { status: 'registered', account, created: true };
  }

  async get(userIds: readonly number[]): Promise<(Account | null)[]> {
    return userIds.map((userId) => {
      const known = this.#accounts.get(userId);
      return known ? accountOf(known) : null;
    });
  }

  async named(name: string): Promise<Account | null> {
    const known = [...this.#accounts.values()].find((each) => nameKey(each.name) === nameKey(name));
    return known ? accountOf(known) : null;
  }

  async credential(userId: number): Promise<(Account & Credential) | null> {
    const known = this.#accounts.get(userId);
    if (!known) return null;
    const { verifier, generation } = known;
    return { ...accountOf(known), verifier, generation };
  }

  async replaceSecret(change: SecretChange): Promise<number | null> {
    const { userId, expected, verifier, wrappedKey } = change;
    const known = this.#accounts.get(userId);
    if (!known) return null;
    if (known.verifier === verifier) return known.generation;
    if (expected !== null && known.verifier !== expected) return null;
    const generation = known.generation + (isBlocked(known) ? -1 : 1);
    this.#change({ ...known, ...rewrapped(known, wrappedKey), verifier, generation });
    return generation;
  }

  async revoke(userId: number): Promise<number | null> {
    const known = this.#accounts.get(userId);
    if (!known) return null;
    const generation = known.generation + (isBlocked(known) ? -1 : 1);
    this.#change({ ...known, generation });
    return generation;
  }

  async setBlocked(userId: number, shall: boolean): Promise<number | null> {
    const known = this.#accounts.get(userId);
    if (!known) return null;
    if (shall === isBlocked(known)) return known.generation;
    const size = Math.abs(known.generation) + 1;
    const generation = shall ? -size : size;
    this.#change({ ...known, generation });
    return generation;
  }

  async offerKeys(userId: number, offered: KeyPair): Promise<KeyPair | null> {
    const known = this.#accounts.get(userId);
    if (!known) return null;
    const pair = known.pair ?? offered;
    this.#change({ ...known, pair });
    return pair;
  }

  async keyPair(userId: number): Promise<KeyPair | null> {
    return this.#accounts.get(userId)?.pair ?? null;
  }

  async publicKeys(userIds: readonly number[]): Promise<(PublicKeys | null)[]> {
    return userIds.map((userId) => {
      const known = this.#accounts.get(userId);
      if (!known) return null;
      const { pair, earlier } = known;
      return { account: accountOf(known), current: pair?.publicKey ?? null, earlier };
    });
  }

  #change(account: KnownAccount): void {
    this.#accounts.set(account.userId, account);
  }

  #freeId(): number {
    let userId = this.#now();
    while (this.#accounts.has(userId) || this.#deletions.has(userId)) userId += 1;
    return userId;
  }
}

export class MemoryApiKeys implements ApiKeys {
  readonly #keys: Map<string, ApiKey>;

  constructor({ apiKeys }: MemoryData) {
    this.#keys = apiKeys;
  }

  async add(key: ApiKey): Promise<boolean> {
    const standing = this.#keys.get(key.id);
    if (standing) return standing.hash === key.hash;
    if (this.#keys.size >= limits.apiKeysMax) return false;
    this.#keys.set(key.id, key);
    return true;
  }

  async find(id: string): Promise<ApiKey | null> {
    return this.#keys.get(id) ?? null;
  }

  async list(): Promise<ApiKey[]> {
    return [...this.#keys.values()].toSorted((one, other) => one.createdAt - other.createdAt);
  }

  async remove(id: string): Promise<boolean> {
    return this.#keys.delete(id);
  }
}

function accountOf({ userId, name }: KnownAccount): Account {
  return { userId, name };
}

function rewrapped(
  { pair, earlier }: KnownAccount,
  wrappedKey: string | null,
): Pick<KnownAccount, 'pair' | 'earlier'> {
  if (!pair) return { pair, earlier };
  if (wrappedKey !== null) return { pair: { ...pair, wrappedKey }, earlier };
  const others = earlier.filter((key) => key !== pair.publicKey);
  return { pair: null, earlier: [pair.publicKey, ...others].slice(0, limits.earlierKeysMax) };
}
