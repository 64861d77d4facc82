/** People as the page knows them: what they are called, and whether they are there. */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { User, UserPresence } from '../../client/sdk/index.ts';
import { isRecord, keep, kept } from './keep.ts';

/** Names that are kept: those that were learned last. */
const namesMax = 2_000;

export class People {
  readonly #name: string;
  readonly #names = signal<ReadonlyMap<number, string>>(new Map());
  readonly #presences = signal<ReadonlyMap<number, UserPresence>>(new Map());

  constructor(account: string, me: User) {
    this.#name = `${account}.names`;
    const names = Object.entries(kept(this.#name, isRecord) ?? {});
    const all = new Map<number, string>();
    for (const [userId, name] of names) if (typeof name === 'string') all.set(Number(userId), name);
    this.#names.value = all.set(me.userId, me.userName);
  }

  get presences(): ReadonlySignal<ReadonlyMap<number, UserPresence>> {
    return this.#presences;
  }

  /** Undefined: nobody has said it. */
  nameOf(userId: number): string | undefined {
    return this.#names.value.get(userId);
  }

  learn(users: readonly User[]): void {
    const names = this.#names.peek();
    const news = users.filter(({ userId, userName }) => names.get(userId) !== userName);
    if (news.length === 0) return;
    const next = new Map(names);
    for (const { userId, userName } of news) {
      next.delete(userId);
      next.set(userId, userName);
    }
    this.#names.value = next;
    keep(this.#name, Object.fromEntries([...next].slice(-namesMax)));
  }

  presence(presence: UserPresence): void {
    this.#presences.value = new Map(this.#presences.peek()).set(presence.userId, presence);
  }

  /** The connection was lost: nobody is known to be there. */
  forgetPresences(): void {
    this.#presences.value = new Map();
  }
}
