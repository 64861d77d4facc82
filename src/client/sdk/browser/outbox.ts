/**
 * What all tabs of a device want to send, until it is stored: in IndexedDB, each with the identity under
 * which it is sent by whoever leads. A tab gives identities itself, in one transaction with the message:
 * so no two messages have the same one, and a message has the same one for ever.
 */
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { epochBytes } from '../../../codec/acknowledgement.ts';
import { sourceOf } from '../../../codec/identity.ts';
import { fromHex, toHex } from '../../../codec/message-scan.ts';
import type { Target, User } from '../client-events.ts';
import { type ContentEvent, meantBy } from '../content/contents.ts';
import type { Draft } from '../e2ee/sealable.ts';
import type { Numbering } from '../sending/outbox.ts';
import { keyOf, sizeOf } from '../sending/outgoing-conversation.ts';
import {
  type DeviceDatabase,
  type OutboxEntry,
  type Writing,
  writeAnyway,
  writeInTerm,
} from './database.ts';

/** Something that waits to be sent: a message, or what is done to one. */
export type Pending = ContentEvent & {
  /** Its own identity: of a message it is the id that it will have. */
  readonly id: string;
};

/** Of all that was sent in an epoch; gone with it. */
interface Numbers {
  readonly epochHex: string;
  readonly last: ReadonlyMap<string, Numbering['last'][number]>;
  /** Of all that waits. */
  readonly characters: number;
}

interface Adding {
  readonly by: string;
  readonly target: Target;
  readonly draft: Draft;
  /** It is kept under this identity, unless it is refused. Called before anybody else sees it. */
  readonly named: (id: string) => void;
  readonly refused: (error: unknown) => void;
}

const numbersName = 'numbers';

export class Outbox {
  readonly #database: DeviceDatabase;
  readonly #user: User;
  /** Those that go into the next transaction: one at a time is a flush to disk. */
  #adding: Adding[] = [];
  #isWriting = false;

  constructor(database: DeviceDatabase, user: User) {
    this.#database = database;
    this.#user = user;
  }

  /** Keeps it for sending. `onKept` follows, once for several. */
  add(adding: Adding, onKept: () => void): void {
    this.#adding.push(adding);
    if (!this.#isWriting) void this.#write(onKept);
  }

  /** Begins to send in this term: under new identities, if nothing waits that has one. */
  begin(term: number): Promise<Numbering> {
    return writeInTerm(this.#database, term, async (writing) => {
      const known = await numbersOf(writing);
      const isEmpty = (await writing.objectStore('outbox').count()) === 0;
      const numbers = known && !isEmpty ? known : newNumbers();
      await writing.objectStore('values').put(numbers, numbersName);
      return { epoch: fromHex(numbers.epochHex), last: [...numbers.last.values()] };
    });
  }

  /** Those after this one, in order: they may be on their way from now on. */
  take(term: number, after: number): Promise<OutboxEntry[]> {
    return writeInTerm(this.#database, term, async (writing) => {
      const outbox = writing.objectStore('outbox');
      const entries = await outbox.getAll(IDBKeyRange.lowerBound(after, true));
      const triedAt = Date.now();
      for (const entry of entries)
        if (entry.triedAt === undefined) await outbox.put({ ...entry, triedAt });
      return entries;
    });
  }

  async pending(): Promise<readonly Pending[]> {
    const entries = await this.#database.getAll('outbox');
    return entries.flatMap(({ id, target, draft, at }) => {
      const meant = meantBy(this.#user, id, target, draft, at);
      return meant ? [{ ...meant, id }] : [];
    });
  }

  /** Of these identities those that do not wait any more. */
  async gone(ids: readonly string[]): Promise<readonly string[]> {
    const outbox = this.#database.transaction('outbox').store.index('id');
    const found = await Promise.all(ids.map((id) => outbox.getKey(id)));
    return ids.filter((_, at) => found[at] === undefined);
  }

  async #write(onKept: () => void): Promise<void> {
    this.#isWriting = true;
    while (this.#adding.length > 0) {
      const adding = this.#adding;
      this.#adding = [];
      try {
        await writeAnyway(this.#database, (writing) => this.#addAll(writing, adding));
        onKept();
      } catch (error) {
        const refusal = new CimError('unavailable', (error as Error).message, { cause: error });
        for (const { refused } of adding) refused(refusal);
      }
    }
    this.#isWriting = false;
  }

  async #addAll(writing: Writing, adding: readonly Adding[]): Promise<void> {
    const outbox = writing.objectStore('outbox');
    const numbers = (await numbersOf(writing)) ?? newNumbers();
    const { epochHex } = numbers;
    const last = new Map(numbers.last);
    let { characters } = numbers;
    let count = await outbox.count();
    for (const { by, target, draft, named, refused } of adding) {
      count += 1;
      const size = sizeOf(draft);
      if (
        count > limits.clientQueueMessagesMax ||
        characters + size > limits.clientQueueCharactersMax
      ) {
        refused(new CimError('busy', 'too many messages wait to be sent'));
        count -= 1;
        continue;
      }
      characters += size;
      const { to, group } = { to: 0, group: '', ...target };
      const key = keyOf(to, group);
      const sendSeq = (last.get(key)?.sendSeq ?? 0) + 1;
      last.set(key, { to, group, sendSeq });
      const id = `${sourceOf(this.#user.userId, epochHex, to, group)}.${sendSeq}`;
      const entry = { id, by, target, sendSeq, draft, at: Date.now() };
      await outbox.add(entry as OutboxEntry);
      named(id);
    }
    await writing.objectStore('values').put({ epochHex, last, characters }, numbersName);
  }
}

/** It waits no longer. Part of a transaction of journal.ts. */
export async function removeKept(writing: Writing, { order, draft }: OutboxEntry): Promise<void> {
  await writing.objectStore('outbox').delete(order);
  const numbers = await numbersOf(writing);
  if (!numbers) return;
  const characters = numbers.characters - sizeOf(draft);
  await writing.objectStore('values').put({ ...numbers, characters }, numbersName);
}

async function numbersOf(writing: Writing): Promise<Numbers | undefined> {
  return (await writing.objectStore('values').get(numbersName)) as Numbers | undefined;
}

function newNumbers(): Numbers {
  const epochHex = toHex(crypto.getRandomValues(new Uint8Array(epochBytes)));
  return { epochHex, last: new Map(), characters: 0 };
}
