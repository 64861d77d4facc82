/** The tables of operators, and of what they have done. Since version 8. */
export const operatorTables = `
  CREATE TABLE operators (
    name TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    hash TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- AUTOINCREMENT: a place is never given twice, also where the newest was removed.
  CREATE TABLE audit (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    record TEXT NOT NULL
  ) STRICT;
`;
