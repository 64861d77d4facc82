/**
 * People who talk while something is broken, and the reckoning afterwards: whatever was
 * acknowledged has been shown to everybody whom it was for, once and in order.
 */
import { expect } from '@jest/globals';
import { Client, type ClientEvent } from './roles.ts';
import { hopelessMs, waitUntil } from './wait-until.ts';

let userIds = 1_000;

/** Ready clients, at least one on each of these servers (`host:port`). */
export async function peopleOn(
  servers: readonly string[],
  routes: readonly string[],
): Promise<Client[]> {
  const people: Client[] = [];
  const missing = new Set(servers);
  while (missing.size > 0) {
    if (people.length === 4 * servers.length) throw new Error(`nobody is on ${[...missing]}`);
    userIds += 1;
    const person = await Client.ready({ userId: userIds, name: `person-${userIds}`, routes });
    people.push(person);
    missing.delete(serverOf(person));
  }
  return people;
}

/** Where it was connected last. */
export function serverOf(client: Client): string {
  return String(client.events.findLast(({ event }) => event === 'ready')?.['server']);
}

export function countOf(client: Client, kind: string): number {
  return client.events.filter(({ event }) => event === kind).length;
}

export class Talk {
  readonly #people: readonly Client[];
  /** By what is said: a line to the next person, and one to everybody, in turns. */
  #said = 0;

  constructor(people: readonly Client[]) {
    this.#people = people;
  }

  /** Everybody says so much more, to the next person and to the lobby. */
  say(rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      this.#said += 1;
      for (const [index, person] of this.#people.entries()) {
        const next = this.#people[(index + 1) % this.#people.length] as Client;
        person.say(`${next.userId};;private ${this.#said} of ${person.userId}`);
        person.say(`lobby ${this.#said} of ${person.userId}`);
      }
    }
  }

  /** Waits until all that was said is acknowledged. */
  async whenStored(timeoutMs = hopelessMs): Promise<void> {
    await Promise.all(this.#people.map((person) => person.whenSent(2 * this.#said, timeoutMs)));
  }

  /** What of this conversation a person was shown, in order. */
  #heard(person: Client): string[] {
    return person.texts.map(String).filter((text) => /^(private|lobby) /.test(text));
  }

  /** Waits until all that was said is acknowledged and shown, and checks what was shown. */
  async complete(timeoutMs = hopelessMs): Promise<void> {
    await this.whenStored(timeoutMs);
    for (const [index, person] of this.#people.entries()) {
      const expected = this.#expectedOf(index);
      const total = expected.reduce((sum, texts) => sum + texts.length, 0);
      await waitUntil(
        `${person.name} has been shown everything`,
        () => this.#heard(person).length >= total,
        { timeoutMs, pollMs: 50 },
      ).catch((error: unknown) => {
        throw new Error(`${person.name} has ${this.#heard(person).length} of ${total}`, {
          cause: error,
        });
      });
      // In order within each conversation, whatever their order among each other.
      for (const texts of expected) {
        const shown = this.#heard(person).filter((text) => texts.includes(text));
        expect(shown).toEqual(texts);
      }
      expect(this.#heard(person)).toHaveLength(total);
      expect(person.events.filter(isTrouble)).toEqual([]);
    }
  }

  /** The conversations that a person hears: of the one before, and of each other in the lobby. */
  #expectedOf(index: number): string[][] {
    const before = this.#people.at(index - 1) as Client;
    const others = this.#people.filter((_, other) => other !== index);
    return [this.#lines('private', before), ...others.map((other) => this.#lines('lobby', other))];
  }

  #lines(kind: string, { userId }: Client): string[] {
    return Array.from({ length: this.#said }, (_, index) => `${kind} ${index + 1} of ${userId}`);
  }
}

function isTrouble({ event }: ClientEvent): boolean {
  return event === 'error' || event === 'closed';
}
