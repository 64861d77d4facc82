/** The tables of what encrypted groups keep of their keys (src/store/group-keys.ts). */

export const groupKeyTables = `
  -- Draws of keys, and what was sealed for members with each.
  CREATE TABLE group_draws (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    by INTEGER NOT NULL,
    draw TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    -- The head of the timeline when it began to count; null: it does not yet.
    head INTEGER,
    -- Of one that does not count yet: the group's epoch, and until when it is kept.
    key_epoch INTEGER NOT NULL,
    until INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX group_draws_of_group ON group_draws (name);
  CREATE INDEX group_draws_staged ON group_draws (until) WHERE head IS NULL;
  CREATE TABLE group_draw_slots (
    draw INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (draw, user_id)
  ) STRICT, WITHOUT ROWID;

  -- What single members were given.
  CREATE TABLE group_given_slots (
    name TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    by INTEGER NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (name, user_id, epoch, by)
  ) STRICT, WITHOUT ROWID;

  -- What has changed of members and of keys: two lists.
  CREATE TABLE group_changes (
    name TEXT NOT NULL,
    of_keys INTEGER NOT NULL,
    number INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    kind TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    by INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (name, of_keys, number)
  ) STRICT, WITHOUT ROWID;
`;

/** Makes of the tables of 0.2.0 those in which groups may be encrypted. */
export const groupKeyUpgrade = `
  ALTER TABLE groups ADD COLUMN key_epoch INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE groups ADD COLUMN fresh_from INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE groups ADD COLUMN drawn INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE groups ADD COLUMN group_id TEXT NOT NULL DEFAULT '';
  ALTER TABLE members ADD COLUMN key_since INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE members ADD COLUMN has_key INTEGER NOT NULL DEFAULT 0;
  ${groupKeyTables}
`;
