/** The names that belong to ids, as far as they have been heard of. */
import { ignore } from '../../base/ignore.ts';
import type { CimClient } from '../sdk/index.ts';

/** Beyond this the longest unheard of are forgotten, and shown by their ids. */
const knownMax = 10_000;

export class People {
  readonly #names = new Map<number, string>();

  learn(userId: number, userName: string): void {
    this.#names.delete(userId);
    this.#names.set(userId, userName);
    const [oldest] = this.#names.keys();
    if (this.#names.size > knownMax && oldest !== undefined) this.#names.delete(oldest);
  }

  nameOf(userId: number): string | undefined {
    return this.#names.get(userId);
  }
}

/** Asks for the names of those who have not been heard of. Where nobody tells them they stay without. */
export async function meet(
  people: People,
  client: Pick<CimClient, 'users'>,
  userIds: readonly number[],
): Promise<void> {
  const unknown = userIds.filter((userId) => people.nameOf(userId) === undefined);
  if (unknown.length === 0) return;
  const found = await client.users(unknown).catch(ignore('the number says who it is'));
  for (const { userId, userName } of found ?? []) people.learn(userId, userName);
}
