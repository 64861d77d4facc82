/**
 * A device's state in IndexedDB. A Web Lock says which tab has it: the browser frees it when the tab
 * ends in whatever way.
 */
import { describeError } from '../../../base/errors.ts';
import type { DeviceStore, Storage, StorageOpening } from '../platform.ts';
import {
  beginTerm,
  type DeviceDatabase,
  databaseName,
  openDatabase,
  writeInTerm,
} from './database.ts';

/** One name for each user: it is one device of that user, in this browser, for pages of this origin. */
export function indexedDbStorage(name: string): Storage {
  return { open: () => openLocked(name) };
}

/** For who leads by other means, in this term. */
export function storageInTerm(database: DeviceDatabase, term: number): Storage {
  return { open: async () => ({ status: 'opened', store: new IndexedDbStore(database, term) }) };
}

async function openLocked(name: string): Promise<StorageOpening> {
  try {
    const release = await lock(name);
    if (!release) return { status: 'in-use' };
    try {
      const database = await openDatabase(name);
      const term = await beginTerm(database);
      const onClosed = () => {
        database.close();
        release();
      };
      return { status: 'opened', store: new IndexedDbStore(database, term, onClosed) };
    } catch (error) {
      release();
      throw error;
    }
  } catch (error) {
    return { status: 'unusable', reason: describeError(error) };
  }
}

/** Undefined: another tab has it. */
async function lock(name: string): Promise<(() => void) | undefined> {
  // Absent where the page is neither on https nor on this machine.
  if (!('locks' in navigator)) throw new Error('only pages on https (or localhost) can keep it');
  const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
  const { promise: granted, resolve, reject } = Promise.withResolvers<boolean>();
  const hold = navigator.locks.request(databaseName(name), { ifAvailable: true }, (held) => {
    resolve(held !== null);
    return held ? isReleased : undefined;
  });
  hold.catch(reject);
  return (await granted) ? release : undefined;
}

const stateName = 'state';

/** In a term of its own. `onClosed`: gives the place up for others. */
class IndexedDbStore implements DeviceStore {
  readonly #database: DeviceDatabase;
  readonly #term: number;
  readonly #onClosed: () => void;

  constructor(database: DeviceDatabase, term: number, onClosed: () => void = () => {}) {
    this.#database = database;
    this.#term = term;
    this.#onClosed = onClosed;
  }

  async load(): Promise<string | undefined> {
    const text = await this.#database.get('values', stateName);
    return typeof text === 'string' ? text : undefined;
  }

  async save(text: string): Promise<void> {
    await writeInTerm(this.#database, this.#term, (writing) =>
      writing.objectStore('values').put(text, stateName),
    );
  }

  async close(): Promise<void> {
    this.#onClosed();
  }
}
