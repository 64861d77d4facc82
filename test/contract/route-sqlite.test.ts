import { describe } from '@jest/globals';
import { openMemoryStore } from '../support/route-harness.ts';
import { describeRepeatedRequests } from './route/repeated-requests.ts';
import { describeScheduling } from './route/scheduling.ts';

/** What routes make of a store in SQLite, also when one of them dies. */

/** One process owns the data: both routes are in it. */
async function openStores() {
  const store = await openMemoryStore();
  return [store, store] as const;
}

describe('scheduled messages over SQLite', () => describeScheduling(openStores));

describe('requests that are repeated over SQLite', () => describeRepeatedRequests(openStores));
