/**
 * The IndexedDB of one device in one browser: its state, the secret of its account, and its messages.
 * All tabs of a page's origin share it. Who writes of the state or of the messages names the term in
 * which it leads: what an older one writes is refused, in the same transaction.
 */
import { type DBSchema, deleteDB, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import { CimError, describeError } from '../../../base/errors.ts';
import { ignore } from '../../../base/ignore.ts';
import type { Message } from '../client-events.ts';
import type { ContentEvent } from '../content/contents.ts';
import type { Kept } from '../sending/outbox.ts';

export interface DeviceSchema extends DBSchema {
  /** Single values, by name. */
  values: { key: string; value: unknown };
  /** As they are now (message-store.ts). */
  messages: {
    key: string;
    value: KeptMessage;
    indexes: {
      order: number;
      age: [number, number];
      place: [string, number, number];
      words: string;
    };
  };
  /** What happened, in order (journal.ts). */
  journal: { key: number; value: JournalEntry; indexes: { id: string } };
  /** What is to be sent, in order (outbox.ts). */
  outbox: { key: number; value: OutboxEntry; indexes: { id: string } };
}

export interface KeptMessage {
  readonly id: string;
  /** With whom: `7`, or `#group`. */
  readonly place: string;
  readonly at: number;
  /** Its number in the journal. */
  readonly order: number;
  /** About so many it takes. */
  readonly bytes: number;
  readonly words: readonly string[];
  readonly message: Message;
}

export interface JournalEntry {
  readonly order: number;
  /** Of the message that it is about. */
  readonly id: string;
  /** The tab that has done it; empty: it came. */
  readonly by: string;
  readonly happened: ContentEvent;
}

export interface OutboxEntry extends Kept {
  readonly order: number;
  /** Its identity. */
  readonly id: string;
  /** The tab that has written it. */
  readonly by: string;
  /** When it was written, ms since 1970. */
  readonly at: number;
}

export type DeviceDatabase = IDBPDatabase<DeviceSchema>;

type StoreName = 'values' | 'messages' | 'journal' | 'outbox';
/** One that may write. */
export type Writing = IDBPTransaction<DeviceSchema, StoreName[], 'readwrite'>;

const version = 1;
const termName = 'term';

export function databaseName(name: string): string {
  return `cim.${name}`;
}

/** Rejects where there is no IndexedDB, or it may not be used: in some private windows. */
export async function openDatabase(name: string): Promise<DeviceDatabase> {
  const { promise: isBlocked, reject: block } = Promise.withResolvers<never>();
  const opening = openDB<DeviceSchema>(databaseName(name), version, {
    upgrade(database) {
      database.createObjectStore('values');
      const messages = database.createObjectStore('messages', { keyPath: 'id' });
      messages.createIndex('order', 'order');
      messages.createIndex('age', ['at', 'order']);
      messages.createIndex('place', ['place', 'at', 'order']);
      messages.createIndex('words', 'words', { multiEntry: true });
      const journal = database.createObjectStore('journal', {
        keyPath: 'order',
        autoIncrement: true,
      });
      journal.createIndex('id', 'id');
      const outbox = database.createObjectStore('outbox', {
        keyPath: 'order',
        autoIncrement: true,
      });
      outbox.createIndex('id', 'id');
    },
    // A newer version of the page wants it, or who has signed out deletes it.
    blocking: (_current, _wanted, event) => (event.target as IDBDatabase).close(),
    blocked: () => block(new Error('another tab keeps an older version of this page open')),
  });
  try {
    return await Promise.race([opening, isBlocked]);
  } catch (error) {
    void closeLate(opening);
    throw error;
  }
}

async function closeLate(opening: Promise<DeviceDatabase>): Promise<void> {
  const [opened] = await Promise.allSettled([opening]);
  if (opened.status === 'fulfilled') opened.value.close();
}

/** Begins a term: all before it are over. Resolves with its number when that is written. */
export async function beginTerm(database: DeviceDatabase): Promise<number> {
  const transaction = database.transaction('values', 'readwrite');
  const term = (((await transaction.store.get(termName)) as number | undefined) ?? 0) + 1;
  await transaction.store.put(term, termName);
  await transaction.done;
  return term;
}

export async function currentTerm(database: DeviceDatabase): Promise<number> {
  return ((await database.get('values', termName)) as number | undefined) ?? 0;
}

/**
 * Does all that `write` does, or nothing; durable when it resolves. Rejects with a CimError
 * `not-allowed` if a later term has begun.
 */
export async function writeInTerm<Result>(
  database: DeviceDatabase,
  term: number,
  write: (transaction: Writing) => Promise<Result>,
): Promise<Result> {
  const transaction = database.transaction(
    ['values', 'messages', 'journal', 'outbox'] as StoreName[],
    'readwrite',
    { durability: 'strict' },
  );
  return settled(transaction, async () => {
    const current = await transaction.objectStore('values').get(termName);
    if (current !== term)
      throw new CimError('not-allowed', 'another tab has taken this device over');
    return write(transaction);
  });
}

/** As `writeInTerm`, whoever leads. */
export function writeAnyway<Result>(
  database: DeviceDatabase,
  write: (transaction: Writing) => Promise<Result>,
): Promise<Result> {
  const transaction = database.transaction(['values', 'outbox'] as StoreName[], 'readwrite', {
    durability: 'strict',
  });
  return settled(transaction, () => write(transaction));
}

async function settled<Result>(
  transaction: Writing,
  write: () => Promise<Result>,
): Promise<Result> {
  try {
    const result = await write();
    await transaction.done;
    return result;
  } catch (error) {
    await abort(transaction);
    throw asStorageError(error);
  }
}

/** Whatever it was that failed: nothing of it counts. */
async function abort(transaction: Writing): Promise<void> {
  const aborting = async () => transaction.abort();
  await aborting().catch(ignore('the browser has done so'));
  await transaction.done.catch(ignore('whoever wrote is told why'));
}

function asStorageError(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error;
  const reason =
    error.name === 'QuotaExceededError'
      ? 'the browser gives this page no more room'
      : describeError(error);
  return new Error(reason, { cause: error });
}

/** With all that is in it. Waits for the other tabs that have it open. */
export function deleteDatabase(name: string): Promise<void> {
  return deleteDB(databaseName(name));
}
