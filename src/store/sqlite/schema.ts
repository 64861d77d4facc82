/**
 * The tables, and their version: a database of an older one is upgraded in place, one of a newer one
 * is refused.
 */
import type { DatabaseSync } from 'node:sqlite';
import { CimError } from '../../base/errors.ts';
import { fileTables } from './file-tables.ts';
import { groupKeyTables, groupKeyUpgrade } from './group-key-tables.ts';
import { operatorTables } from './operator-tables.ts';
import { topicTables } from './topic-tables.ts';
import { drawGeneration, readMark, type WriteAheadLog, writeMark } from './write-ahead-log.ts';

/** Marks the file as ours (`PRAGMA application_id`): "cim1". */
const applicationId = 0x63_69_6d_31;

/** 16 hex digits, in SQL. */
export const drawnId = 'lower(hex(randomblob(8)))';

const tables = `
  -- Which store this is: one row.
  CREATE TABLE identity (id TEXT NOT NULL, salt TEXT NOT NULL) STRICT;
  INSERT INTO identity VALUES (${drawnId}, lower(hex(randomblob(16))));

  CREATE TABLE accounts (
    user_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    -- What the account's secret is checked by; empty: it has none.
    verifier TEXT NOT NULL,
    generation INTEGER NOT NULL DEFAULT 1,
    -- When a session was last opened or closed, 0 before the first; null: others may not know.
    last_seen INTEGER,
    -- Both null: it has no pair of keys.
    public_key TEXT,
    wrapped_key TEXT,
    -- Public keys that it had before, newest first, a space between two.
    earlier_keys TEXT NOT NULL DEFAULT ''
  ) STRICT;

  -- Accounts that were deleted: their ids are never used again.
  CREATE TABLE deletions (
    user_id INTEGER PRIMARY KEY,
    -- Whose entries are still to be deleted.
    timeline INTEGER,
    -- Null once it has settled.
    settles_at INTEGER
  ) STRICT;
  CREATE INDEX deletions_pending ON deletions (settles_at) WHERE settles_at IS NOT NULL;

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
    -- Places that others have taken in it, ever (src/store/decisions/mailbox.ts).
    others INTEGER NOT NULL DEFAULT 0,
    -- Generations of messages of more than one place (src/store/decisions/retention.ts).
    heavy_sum INTEGER NOT NULL DEFAULT 0,
    heavy_older INTEGER NOT NULL DEFAULT 0,
    heavy_newer INTEGER NOT NULL DEFAULT 0,
    -- Of a group: messages that are not silent, ever; when the newest of them was stored, and its number.
    total INTEGER NOT NULL DEFAULT 0,
    said_at INTEGER NOT NULL DEFAULT 0,
    said_seq INTEGER NOT NULL DEFAULT 0,
    appended_at INTEGER NOT NULL
  ) STRICT;

  -- count messages, numbered from seq. A table in order of arrival with a small index: several times cheaper to write than one
  -- in order of (timeline, seq), which touches a page per message.
  CREATE TABLE entries (
    timeline INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    count INTEGER NOT NULL,
    -- Places of each, 0 of own copies; and the timeline's others with them.
    places INTEGER NOT NULL,
    others INTEGER NOT NULL,
    -- Messages that are not silent of its conversation, up to its last; and whether it is silent itself.
    total INTEGER NOT NULL,
    silent INTEGER NOT NULL,
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
    -- The numbers that were refused, as JSON (src/store/decisions/source.ts).
    refusals TEXT NOT NULL DEFAULT '[]',
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
    title TEXT NOT NULL,
    owner INTEGER NOT NULL,
    -- Their ids in order, as JSON.
    admins TEXT NOT NULL DEFAULT '[]',
    -- Who may join: 'open', 'invite' or 'closed'.
    entry TEXT NOT NULL DEFAULT 'open',
    -- What one account may take of what is kept; null: as others have it.
    share_percent INTEGER,
    -- What members may read: 'joined' or 'all'.
    history TEXT NOT NULL DEFAULT 'joined',
    -- Grows with what members are told of.
    version INTEGER NOT NULL DEFAULT 1,
    -- How many there are: counting them would cost each join more than all else.
    members INTEGER NOT NULL DEFAULT 0,
    -- The epoch of its key, the newest one into which none may be ratcheted, and that of the newest draw
    -- (src/store/decisions/group-keys.ts); 0: it is not encrypted. And what it is told apart by from others of its name.
    key_epoch INTEGER NOT NULL DEFAULT 0,
    fresh_from INTEGER NOT NULL DEFAULT 0,
    drawn INTEGER NOT NULL DEFAULT 0,
    group_id TEXT NOT NULL DEFAULT ''
  ) STRICT, WITHOUT ROWID;

  -- In the order of joining. joined is the head of the group's timeline then.
  CREATE TABLE members (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    -- What others know of the member's marks, and what the member has read.
    delivered INTEGER NOT NULL,
    read INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    -- Of an encrypted group: the epoch with which the member joined, and whether there is a key since.
    key_since INTEGER NOT NULL DEFAULT 0,
    has_key INTEGER NOT NULL DEFAULT 0,
    UNIQUE (name, user_id)
  ) STRICT;
  CREATE INDEX members_by_user ON members (user_id);

  -- Who was invited to a group, or removed from it, in this order; they are no members.
  CREATE TABLE outsiders (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    -- 'invited' or 'removed'.
    outsider TEXT NOT NULL,
    -- Who has decided that.
    by INTEGER NOT NULL,
    UNIQUE (name, user_id)
  ) STRICT;
  CREATE INDEX outsiders_by_user ON outsiders (user_id);

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

  -- What a user has decided about a peer, and what is counted of the peer (src/store/decisions/conversation.ts).
  CREATE TABLE conversations (
    user_id INTEGER NOT NULL,
    peer INTEGER NOT NULL,
    has_written INTEGER NOT NULL,
    is_blocked INTEGER NOT NULL,
    count INTEGER NOT NULL,
    last INTEGER NOT NULL,
    is_muted INTEGER NOT NULL,
    is_pinned INTEGER NOT NULL,
    total INTEGER NOT NULL,
    at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    read INTEGER NOT NULL,
    PRIMARY KEY (user_id, peer)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX conversations_blocked ON conversations (user_id, peer) WHERE is_blocked;
  CREATE INDEX conversations_flagged ON conversations (user_id, peer) WHERE is_muted OR is_pinned;
  CREATE INDEX conversations_forgettable ON conversations (user_id, peer)
    WHERE NOT (has_written OR is_blocked OR is_muted OR is_pinned);

  -- Of conversations in groups.
  CREATE TABLE group_flags (
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    is_muted INTEGER NOT NULL,
    is_pinned INTEGER NOT NULL,
    PRIMARY KEY (user_id, name)
  ) STRICT, WITHOUT ROWID;

  -- What a sender has of a reader: SourceMarks (src/store/marks.ts) as JSON.
  CREATE TABLE marks (
    user_id INTEGER NOT NULL,
    reader INTEGER NOT NULL,
    -- When one of them moved last.
    at INTEGER NOT NULL,
    sources TEXT NOT NULL,
    PRIMARY KEY (user_id, reader)
  ) STRICT, WITHOUT ROWID;

  -- How often a user was told of one.
  CREATE TABLE marks_versions (user_id INTEGER PRIMARY KEY, version INTEGER NOT NULL) STRICT;

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
  ${fileTables}
  ${groupKeyTables}
  ${operatorTables}
  ${topicTables}
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

export interface Schema {
  readonly version: number;
  /** Of an empty database. */
  readonly tables: string;
  /**
   * By the version that it begins with: SQL that makes of its tables those of the next one, with all
   * that is in them. From 0.2.0 on there is one for every version that a release has had.
   */
  readonly upgrades: Readonly<Record<number, string>>;
}

const current: Schema = {
  version: 8,
  tables,
  upgrades: { 7: `${fileTables}${groupKeyUpgrade}${operatorTables}${topicTables}` },
};

/**
 * Of a database that was just opened, before it is written: throws if it is not ours, or of a version
 * that cannot be used. A new one is told from all others.
 */
export function checkSchema(sqlite: DatabaseSync, schema = current): void {
  // At once a writer: two processes that start together must not both find it empty.
  inTransaction(sqlite, () => {
    if (!isEmpty(sqlite)) checkVersion(sqlite, schema);
    else if (readMark(sqlite).generation === 0)
      writeMark(sqlite, { version: schema.version, generation: drawGeneration() });
  });
}

/**
 * After `checkSchema`: makes the tables in an empty database, and upgrades others. All or nothing.
 * `log`: undefined for one in memory.
 */
export function prepareSchema(
  sqlite: DatabaseSync,
  log: WriteAheadLog | undefined,
  schema = current,
): void {
  // What is written from here on is in a log of its own.
  log?.restart();
  inTransaction(sqlite, () => {
    if (isEmpty(sqlite)) {
      sqlite.exec(schema.tables);
      sqlite.exec(`PRAGMA application_id = ${applicationId}`);
    } else {
      upgrade(sqlite, schema);
      sqlite.exec(endSessions);
    }
    writeMark(sqlite, { ...readMark(sqlite), version: schema.version });
  });
}

function upgrade(sqlite: DatabaseSync, { version, upgrades }: Schema): void {
  for (let from = readMark(sqlite).version; from < version; from += 1)
    sqlite.exec(upgrades[from] ?? '');
}

function inTransaction(sqlite: DatabaseSync, work: () => void): void {
  sqlite.exec('BEGIN IMMEDIATE');
  try {
    work();
    sqlite.exec('COMMIT');
  } catch (error) {
    if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
    throw error;
  }
}

function isEmpty(sqlite: DatabaseSync): boolean {
  return sqlite.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function checkVersion(sqlite: DatabaseSync, schema: Schema): void {
  const place = sqlite.location();
  const row = sqlite.prepare('PRAGMA application_id').get();
  if (row?.['application_id'] !== applicationId) {
    throw new CimError(
      'unavailable',
      `${place} is a database of another program: use another folder`,
    );
  }
  const { version } = readMark(sqlite);
  const age = ageOf(version, schema);
  if (age === undefined) return;
  throw new CimError(
    'unavailable',
    `${place} was written by ${age} cim (format ${version}, this one knows ${schema.version}): use that version, or another folder`,
  );
}

/** Undefined: it can be used. */
function ageOf(version: number, schema: Schema): string | undefined {
  if (version > schema.version) return 'a newer';
  for (let from = version; from < schema.version; from += 1)
    if (schema.upgrades[from] === undefined) return 'an older';
  return undefined;
}
