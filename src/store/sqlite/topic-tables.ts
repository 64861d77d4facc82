/** The tables of topics. Since version 8. */
export const topicTables = `
  CREATE TABLE device_keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- Rights as JSON (src/base/topics/topic-right.ts).
    allow TEXT NOT NULL,
    hash TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

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

  -- Of sessions that outlive their connections. Rows are in the order in which they were added.
  CREATE TABLE topic_filters (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    client_id TEXT NOT NULL,
    filter TEXT NOT NULL,
    options TEXT NOT NULL,
    -- src/store/decisions/topic-shards.ts
    shard INTEGER NOT NULL,
    UNIQUE (owner, client_id, filter)
  ) STRICT;
  CREATE INDEX topic_filters_in_shard ON topic_filters (shard, id);

  -- How many sessions of an owner have filters.
  CREATE TABLE topic_owners (owner TEXT PRIMARY KEY, sessions INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  -- The last changes of each shard; options are null of a filter that was removed.
  CREATE TABLE topic_changes (
    shard INTEGER NOT NULL,
    number INTEGER NOT NULL,
    owner TEXT NOT NULL,
    client_id TEXT NOT NULL,
    filter TEXT NOT NULL,
    options TEXT,
    PRIMARY KEY (shard, number)
  ) STRICT, WITHOUT ROWID;

  -- The number of the last change.
  CREATE TABLE topic_versions (shard INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;
`;
