// Goal: a store of an older version becomes one of this version, with all that is in it, or stays as
// it is. Method: versions of the tests' own.
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { checkSchema, prepareSchema, type Schema } from '../../../../src/store/sqlite/schema.ts';
import { readMark, writeMark } from '../../../../src/store/sqlite/write-ahead-log.ts';

/** Tables that every version has: those that are emptied at each start. */
const common =
  'CREATE TABLE interests (a); CREATE TABLE devices (ephemeral, closed_at, opened_at);';

const first: Schema = {
  version: 5,
  tables: `${common} CREATE TABLE people (name); INSERT INTO people VALUES ('amy');`,
  upgrades: {},
};
const third: Schema = {
  version: 7,
  tables: `${common} CREATE TABLE people (name, age, city);`,
  upgrades: {
    5: 'ALTER TABLE people ADD COLUMN age; UPDATE people SET age = 40',
    6: "ALTER TABLE people ADD COLUMN city; UPDATE people SET city = 'Aachen'",
  },
};

function open(sqlite: DatabaseSync, schema: Schema): unknown {
  checkSchema(sqlite, schema);
  prepareSchema(sqlite, undefined, schema);
  return sqlite.prepare('SELECT * FROM people').get();
}

describe('a store of an older version', () => {
  test('is upgraded step by step, once', () => {
    const sqlite = new DatabaseSync(':memory:');
    expect(open(sqlite, first)).toEqual({ name: 'amy' });
    expect(open(sqlite, third)).toEqual({ name: 'amy', age: 40, city: 'Aachen' });
    sqlite.exec("UPDATE people SET city = 'Zug'");
    expect(open(sqlite, third)).toEqual({ name: 'amy', age: 40, city: 'Zug' });
    expect(() => checkSchema(sqlite, first)).toThrow('a newer cim (format 7, this one knows 5)');
  });

  test('stays as it is if a step fails', () => {
    const sqlite = new DatabaseSync(':memory:');
    open(sqlite, first);
    const broken = { ...third, upgrades: { ...third.upgrades, 6: 'UPDATE nothing SET a = 1' } };
    expect(() => open(sqlite, broken)).toThrow('nothing');
    expect(open(sqlite, first)).toEqual({ name: 'amy' });
  });

  test('from which no step leads here is refused', () => {
    const sqlite = new DatabaseSync(':memory:');
    open(sqlite, first);
    const later = { ...third, upgrades: { 6: third.upgrades[6] ?? '' } };
    expect(() => open(sqlite, later)).toThrow('an older cim (format 5, this one knows 7)');
  });
});

describe('the store of 0.2.0', () => {
  const openCurrent = (sqlite: DatabaseSync) => {
    checkSchema(sqlite);
    prepareSchema(sqlite, undefined);
  };
  /** All tables and indexes, and the columns of each. */
  const shapeOf = (sqlite: DatabaseSync) =>
    sqlite
      .prepare("SELECT name, type FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
      .all()
      .map(({ name, type }) => [
        ...[name, type],
        sqlite
          .prepare(
            'SELECT name, type, "notnull", dflt_value FROM pragma_table_info(?) ORDER BY name',
          )
          .all(String(name)),
      ]);

  test('becomes one of this version, and no group of it is encrypted', () => {
    const fresh = new DatabaseSync(':memory:');
    openCurrent(fresh);
    const sqlite = new DatabaseSync(':memory:');
    openCurrent(sqlite);
    // What it did not have.
    for (const table of ['group_draws', 'group_draw_slots', 'group_given_slots', 'group_changes'])
      sqlite.exec(`DROP TABLE ${table}`);
    sqlite.exec('DROP TABLE files; DROP TABLE file_parts');
    for (const column of ['key_epoch', 'fresh_from', 'drawn'])
      sqlite.exec(`ALTER TABLE groups DROP COLUMN ${column}`);
    for (const column of ['key_since', 'has_key'])
      sqlite.exec(`ALTER TABLE members DROP COLUMN ${column}`);
    sqlite.exec("INSERT INTO groups (name, title, owner) VALUES ('chess', 'Chess', 7)");
    writeMark(sqlite, { ...readMark(sqlite), version: 7 });
    openCurrent(sqlite);
    expect(shapeOf(sqlite)).toEqual(shapeOf(fresh));
    expect(readMark(sqlite).version).toBe(readMark(fresh).version);
    expect(sqlite.prepare('SELECT owner, key_epoch, drawn FROM groups').all()).toEqual([
      { owner: 7, key_epoch: 0, drawn: 0 },
    ]);
  });
});
