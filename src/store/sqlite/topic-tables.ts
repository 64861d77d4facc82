/** The tables of topics. Since version 8. */
export const topicTables = `
  CREATE TABLE retained (
    topic TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    owner TEXT NOT NULL,
    body BLOB NOT NULL,
    -- 0: it is kept until it is replaced or removed.
    expires_at INTEGER NOT NULL,
    -- Bytes that it takes of what its owner, and all, may have.
    counted INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX retained_expiring ON retained (expires_at) WHERE expires_at > 0;

  -- What values of an owner are and count; those of all have no owner.
  CREATE TABLE retained_owners (
    owner TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The last number of a value or a removal: one row.
  CREATE TABLE retained_number (number INTEGER NOT NULL) STRICT;
  INSERT INTO retained_number VALUES (0);
`;
