/** What each way in leaves in SQLite. */
import { describe } from '@jest/globals';
import { limits } from '../../src/base/limits.ts';
import { Database } from '../../src/store/sqlite/database.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { onTeardown } from '../support/teardown.ts';
import { describeGrowth } from './route/growth.ts';

const retention = { messagesMax: 100_000, ageMs: limits.timelineAgeMs };
const hoursOf = (ms: number) => ms / 3_600_000;

/** Whole pages of each table with its indexes, as the file has them. */
const pages = `
  SELECT tbl_name AS kind, sum(pgsize) AS bytes
  FROM dbstat JOIN sqlite_schema USING (name) GROUP BY tbl_name`;

async function openWeighed() {
  const database = Database.open(':memory:');
  const store = new SqliteStore({ database, retention });
  onTeardown(() => store.close());
  const select = database.prepare<{ kind: string; bytes: number }>(pages);
  const weigh = async () => new Map(select.all().map(({ kind, bytes }) => [kind, bytes]));
  const hours = {
    sources: hoursOf(limits.sourceStateMs),
    requests: hoursOf(limits.idempotencyKeyMs),
    schedules: hoursOf(limits.sourceStateMs),
    timelines: hoursOf(limits.endedGroupMs),
    entries: hoursOf(limits.timelineAgeMs),
  };
  return { store, messages: 'entries', weigh, hours };
}

describe('what is left in SQLite', () => describeGrowth(openWeighed));
