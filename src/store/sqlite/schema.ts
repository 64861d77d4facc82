/**
 * The tables, and their version. A newer cim upgrades an older database in place; an older cim
 * refuses a newer one.
 */
import type { DatabaseSync } from 'node:sqlite';
import { CimError } from '../../base/errors.ts';

const schemaVersion = 1;
/** Marks the file as ours (`PRAGMA application_id`): "cim1". */
const applicationId = 0x63_69_6d_31;

const tables = `
  CREATE TABLE accounts (
    user_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    -- What the account's secret is checked by; empty: it has none.
    verifier TEXT NOT NULL,
    generation INTEGER NOT NULL DEFAULT 1,
    -- Both null: it has no pair of keys.
    public_key TEXT,
    wrapped_key TEXT,
    -- Public keys that it had before, newest first, a space between two.
    earlier_keys TEXT NOT NULL DEFAULT ''
  ) STRICT;

  CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    scope TEXT NOT NULL,
    -- Of the scope 'group' only.
    group_name TEXT,
    hash TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The row of a timeline outlives its messages: the counter never restarts.
  CREATE TABLE timelines (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    head INTEGER NOT NULL,
    -- The last number that any device of the user acknowledged.
    acknowledged INTEGER NOT NULL DEFAULT 0,
    appended_at INTEGER NOT NULL
  ) STRICT;

  -- count messages, numbered from seq. A table in order of arrival with a small index: several times cheaper to write than one
  -- in order of (timeline, seq), which touches a page per message.
  CREATE TABLE entries (
    timeline INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    count INTEGER NOT NULL,
    bodies BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX entries_in_order ON entries (timeline, seq);

  -- send_seq is the last number taken, seq the timeline's number of that message (0: it was a skip).
  CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    timeline INTEGER NOT NULL,
    source TEXT NOT NULL,
    send_seq INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    -- The numbers last refused; 0: none.
    refused_from INTEGER NOT NULL DEFAULT 0,
    refused_to INTEGER NOT NULL DEFAULT 0,
    UNIQUE (timeline, source)
  ) STRICT;

  CREATE TABLE interests (
    timeline TEXT NOT NULL,
    instance TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (timeline, instance)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE groups (
    name TEXT PRIMARY KEY,
    owner INTEGER NOT NULL,
    -- How many there are: counting them would cost each join more than all else.
    members INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;

  -- In the order of joining. joined is the head of the group's timeline then.
  CREATE TABLE members (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    UNIQUE (name, user_id)
  ) STRICT;
  CREATE INDEX members_by_user ON members (user_id);

  CREATE TABLE devices (
    user_id INTEGER NOT NULL,
    device TEXT NOT NULL,
    ephemeral INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    connection_number INTEGER NOT NULL,
    instance TEXT NOT NULL,
    address TEXT NOT NULL,
    session_id INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    -- Null while the connection is open.
    closed_at INTEGER,
    PRIMARY KEY (user_id, device)
  ) STRICT, WITHOUT ROWID;

  -- Where the user's Java peer was told to connect.
  CREATE TABLE java_logins (
    user_id INTEGER PRIMARY KEY,
    address TEXT NOT NULL
  ) STRICT;

  -- payload is null once the schedule was sent or cancelled: only the id is kept, until forget_at.
  CREATE TABLE schedules (
    number INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    id TEXT NOT NULL,
    payload BLOB,
    due_at INTEGER NOT NULL,
    -- When it may be leased: due_at, or the end of the lease.
    free_at INTEGER NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0,
    forget_at INTEGER,
    UNIQUE (owner, id)
  ) STRICT;
  CREATE INDEX schedules_free ON schedules (free_at) WHERE payload IS NOT NULL;
  CREATE INDEX schedules_of_owner ON schedules (owner, due_at) WHERE payload IS NOT NULL;
  CREATE INDEX schedules_done ON schedules (forget_at) WHERE forget_at IS NOT NULL;

  CREATE TABLE requests (
    number INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    epoch TEXT NOT NULL,
    forget_at INTEGER NOT NULL,
    UNIQUE (owner, key)
  ) STRICT;
  CREATE INDEX requests_by_age ON requests (forget_at);
`;

/**
 * One process holds the database and the servers, so nobody is connected when it is opened: what a
 * crash left open is ended here.
 */
const endSessions = `
  DELETE FROM interests;
  DELETE FROM devices WHERE ephemeral;
  UPDATE devices SET closed_at = opened_at WHERE closed_at IS NULL;
`;

/**
 * Makes the tables in an empty database, checks the version of any other. Throws if it is not ours
 * or too new.
 */
export function prepareSchema(sqlite: DatabaseSync): void {
  // At once a writer: two processes that start together must not both find it empty.
  sqlite.exec('BEGIN IMMEDIATE');
  try {
    if (isEmpty(sqlite)) {
      sqlite.exec(tables);
      sqlite.exec(
        `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`,
      );
    } else {
      checkVersion(sqlite);
      sqlite.exec(endSessions);
    }
    sqlite.exec('COMMIT');
  } catch (error) {
    if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
    throw error;
  }
}

function isEmpty(sqlite: DatabaseSync): boolean {
  return sqlite.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function checkVersion(sqlite: DatabaseSync): void {
  const place = sqlite.location();
  if (pragma(sqlite, 'application_id') !== applicationId) {
    throw new CimError(
      'unavailable',
      `${place} is a database of another program: use another folder`,
    );
  }
  const version = pragma(sqlite, 'user_version');
  if (version > schemaVersion) {
    throw new CimError(
      'unavailable',
      `${place} was written by a newer cim (format ${version}, this one knows ${schemaVersion}): use that version, or another folder`,
    );
  }
}

function pragma(sqlite: DatabaseSync, name: string): number {
  return Number(sqlite.prepare(`PRAGMA ${name}`).get()?.[name]);
}
