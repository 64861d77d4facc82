/** The tables of files. */

/** Since version 8. */
export const fileTables = `
  CREATE TABLE files (
    id TEXT PRIMARY KEY,
    owner INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    -- What it takes of what its owner, and all, may have.
    counted INTEGER NOT NULL,
    type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    capability TEXT NOT NULL,
    is_finished INTEGER NOT NULL DEFAULT 0,
    begun_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- When its bytes may be taken away, or the end of the lease of who does.
    remove_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX files_of_owner ON files (owner, is_finished, counted);
  CREATE INDEX files_to_remove ON files (remove_at);

  CREATE TABLE file_parts (
    file TEXT NOT NULL,
    number INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (file, number)
  ) STRICT, WITHOUT ROWID;
`;
