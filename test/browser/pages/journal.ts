/** What a browser keeps of messages, called by test/browser/journal.test.ts. */
import {
  beginTerm,
  type DeviceDatabase,
  openDatabase,
} from '../../../src/client/sdk/browser/database.ts';
import { Journal } from '../../../src/client/sdk/browser/journal.ts';
import type { StoredQuery } from '../../../src/client/sdk/browser/message-store.ts';
import type { ContentEvent } from '../../../src/client/sdk/content/contents.ts';

let database: DeviceDatabase;
let journal: Journal;

const page = {
  /** As user 1. */
  async open(name: string) {
    database = await openDatabase(name);
    journal = new Journal(database, 1);
    return beginTerm(database);
  },
  async append(term: number, ...happened: ContentEvent[]) {
    for (const each of happened) await journal.append(term, each);
  },
  head: () => journal.head(),
  after: (order: number) => journal.after(order),
  stored: (query: StoredQuery) => journal.stored(query),
  /** All that lies there, in one text. */
  async all() {
    const names = ['values', 'messages', 'journal'] as const;
    return JSON.stringify(await Promise.all(names.map((name) => database.getAll(name))));
  },
  words: async () => (await database.getAll('messages')).flatMap(({ words }) => words).sort(),
};

Object.assign(globalThis, { page });
