/**
 * Accounts of users whom an application vouches for (`--auth jwt`): found, and made at the first use.
 * To the application each of its ids is a user of their own, so none is kept out because another
 * user has the name: what tells them apart is added to it.
 */
import { createHash } from 'node:crypto';
import type { VouchedUser } from '../../auth/application-tokens.ts';
import { CimError, describeError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import { assertUserName } from '../../base/text/names.ts';
import type { Account, Accounts } from '../../store/accounts.ts';
import type { AccountDirectory } from './account-directory.ts';
import { registeredAccount } from './registration.ts';

/** Accounts by name: some hundred bytes each. */
const rememberedMax = 10_000;

/** What is added to the name of a user whose id is a text: 64 bits of its SHA-256. */
const markPattern = /~[0-9a-f]{16}$/;

export class VouchedAccounts {
  readonly #accounts: Accounts;
  readonly #directory: AccountDirectory;
  readonly #byName = new RecentlyUsed<string, Account>(rememberedMax);

  constructor(accounts: Accounts, directory: AccountDirectory) {
    this.#accounts = accounts;
    this.#directory = directory;
  }

  /** It was deleted: whoever comes with this name gets another one. */
  forget(userId: number): void {
    for (const [name, account] of this.#byName)
      if (account.userId === userId) this.#byName.delete(name);
  }

  /** The store is another one. */
  forgetAll(): void {
    this.#byName.clear();
  }

  /** Throws `unauthenticated`, saying what of the token makes no account. */
  of(user: VouchedUser): Promise<Account> {
    return user.userId === undefined ? this.#ofName(user.name) : this.#ofId(user.userId, user.name);
  }

  /** The name is for others to see, and for the first use only. */
  async #ofId(userId: number, name: string | undefined): Promise<Account> {
    const known = await this.#directory.find(userId);
    if (known) return known;
    if (name === undefined)
      throw new CimError('unauthenticated', 'the token does not tell the name of a new user');
    assertVouchedName(name);
    const suffixes = ['', `-${userId}`, markOf(String(userId))];
    for (const suffix of suffixes) {
      const wanted = withSuffix(name, suffix);
      const result = await this.#accounts.register({ name: wanted, userId });
      // `id-taken`: another route has made it meanwhile, under another of these names.
      if (result.status === 'id-taken') return result.account;
      if (result.status !== 'name-taken') return registeredAccount(result);
    }
    throw new CimError('name-taken', `no name like ${JSON.stringify(name)} is left`);
  }

  /** The id is a text, and so the name. Names are unique whatever the case; ids are not. */
  async #ofName(id: string): Promise<Account> {
    const known = this.#byName.get(id);
    if (known) return known;
    assertVouchedName(id);
    const marked = withSuffix(id, markOf(id));
    const account =
      // Whoever has a name of that form as their id is not to be taken for who was given it.
      (markPattern.test(id) ? undefined : await this.#bearing(id)) ?? (await this.#bearing(marked));
    if (!account) throw new CimError('name-taken', `no name like ${JSON.stringify(id)} is left`);
    this.#byName.set(id, account);
    return account;
  }

  /** The account of this very name; undefined: it is somebody else's, written otherwise. */
  async #bearing(name: string): Promise<Account | undefined> {
    const account = registeredAccount(await this.#accounts.register({ name }));
    return account.name === name ? account : undefined;
  }
}

function markOf(id: string): string {
  return `~${createHash('sha256').update(id).digest('hex').slice(0, 16)}`;
}

/** As much of the name as there is room for before it. */
function withSuffix(name: string, suffix: string): string {
  let room = limits.nameCharactersMax - suffix.length;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(name)) {
    room -= [...segment].length;
    if (room < 0) break;
    kept += segment;
  }
  return kept + suffix;
}

function assertVouchedName(name: string): void {
  try {
    assertUserName(name);
  } catch (cause) {
    throw new CimError('unauthenticated', `of the token: ${describeError(cause)}`, { cause });
  }
}
