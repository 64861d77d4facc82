/** People as operators see them: who they are, where they are connected, what waits for them. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { nameKey } from '../../base/text/names.ts';
import { type Account, isBlocked } from '../../store/accounts.ts';
import type { DelayedPage, GroupStatus } from '../operation-shapes.ts';
import { liveSessions, type OperationsContext } from '../operations/context.ts';
import type { RouteOperations } from '../operations.ts';

export interface PersonSession {
  readonly device: string;
  readonly instance: string;
}

export interface Person extends Account {
  /** Those that are open, by device. */
  readonly sessions: readonly PersonSession[];
  readonly groups: readonly Pick<GroupStatus, 'group' | 'title' | 'owner' | 'keyEpoch'>[];
  /** Whether it has a key pair, and so may be written to encrypted. */
  readonly hasKey: boolean;
  /** Nobody is let in with it. */
  readonly isBlocked: boolean;
  /** The first that are due; not what they say. */
  readonly schedules: readonly Pick<
    DelayedPage['messages'][number],
    'id' | 'dueAt' | 'to' | 'group'
  >[];
}

export interface GroupPicture {
  readonly group: string;
  readonly title: string;
  readonly owner: number;
  readonly admins: readonly number[];
  readonly entry: string;
  readonly isEncrypted: boolean;
  /** The first of them, by number. */
  readonly members: readonly Account[];
}

type Operations = Pick<RouteOperations, 'onlineUsers' | 'groupsOf' | 'delayed' | 'leaveGroup'>;

export class People {
  readonly #context: OperationsContext;
  readonly #operations: Operations;

  constructor(context: OperationsContext, operations: Operations) {
    this.#context = context;
    this.#operations = operations;
  }

  /** A number, a whole name, or a part of the name of somebody who is online; empty: these. */
  async find(text: string): Promise<readonly Account[]> {
    const { store } = this.#context;
    const wanted = text.trim();
    if (/^\d{1,16}$/.test(wanted)) {
      const userId = Number(wanted);
      const [account] = userId <= limits.userIdMax ? await store.accounts.get([userId]) : [];
      return account ? [account] : [];
    }
    const [named, online] = await Promise.all([
      wanted === '' ? null : store.accounts.named(wanted),
      this.#operations.onlineUsers({ after: 0, limit: limits.onlinePageMax }),
    ]);
    const key = nameKey(wanted);
    const others = online.filter(
      ({ userId, name }) => userId !== named?.userId && nameKey(name).includes(key),
    );
    return [...(named ? [named] : []), ...others].slice(0, limits.peopleFoundMax);
  }

  /** `not-found`. */
  async person(userId: number): Promise<Person> {
    const { store } = this.#context;
    const account = await store.accounts.credential(userId);
    if (!account) throw new CimError('not-found', 'userId: there is no such account');
    const [sessions, groups, [keys], delayed] = await Promise.all([
      liveSessions(this.#context, userId),
      this.#operations.groupsOf(userId),
      store.accounts.publicKeys([userId]),
      this.#operations.delayed(userId),
    ]);
    return {
      ...{ userId, name: account.name, isBlocked: isBlocked(account) },
      sessions: sessions.map(({ device, instance }) => ({ device, instance })),
      groups: groups.map(({ group, title, owner, keyEpoch }) => ({
        ...{ group, title, owner, keyEpoch },
      })),
      hasKey: typeof keys?.current === 'string',
      schedules: delayed.messages.map(({ id, dueAt, to, group }) => ({
        ...{ id, dueAt },
        ...(to === undefined ? {} : { to }),
        ...(group === undefined ? {} : { group }),
      })),
    };
  }

  /** `unknown-group`. */
  async group(name: string): Promise<GroupPicture> {
    const { store, accounts } = this.#context;
    const found = await store.groups.find(name);
    if (!found) throw new CimError('unknown-group');
    const ids = await store.groups.members(name, 0, limits.membersPageMax);
    const known = await accounts.findAll(ids);
    const { title, owner, admins, entry, keyEpoch } = found;
    return {
      ...{ group: name, title, owner, admins, entry, isEncrypted: keyEpoch > 0 },
      members: ids.map((userId) => known.get(userId) ?? { userId, name: '' }),
    };
  }

  /**
   * Everybody leaves, and is told; with the last one the group and its messages are gone. Repeating it
   * is harmless, and goes on where it ended. How many have left. `unknown-group`.
   */
  async deleteGroup(name: string): Promise<number> {
    const { groups } = this.#context.store;
    const found = await groups.find(name);
    if (!found) throw new CimError('unknown-group');
    // Nobody comes while others go.
    await groups.change(name, found.owner, { kind: 'set', entry: 'closed' });
    let left = 0;
    for (;;) {
      const ids = await groups.members(name, 0, limits.groupLeavesAtOnceMax);
      if (ids.length === 0) return left;
      await Promise.all(ids.map((userId) => this.#leave(userId, name)));
      left += ids.length;
    }
  }

  async #leave(userId: number, name: string): Promise<void> {
    try {
      await this.#operations.leaveGroup(userId, name);
    } catch (error) {
      // With another one's leaving it was gone already.
      if (!(error instanceof CimError) || error.kind !== 'unknown-group') throw error;
    }
  }
}
