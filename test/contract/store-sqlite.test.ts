import { Database, inMemory } from '../../src/store/sqlite/database.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeStore } from './store.ts';

describeStore('SQLite in memory', async (retention, quotas) => {
  return new SqliteStore({ database: Database.open(inMemory), retention, quotas });
});

describeStore(
  'SQLite in a file',
  async (retention, quotas) => {
    return new SqliteStore({
      database: Database.open(temporaryFolder('store')),
      retention,
      quotas,
    });
  },
  { crowd: 1_000 },
);
