// Goal: a store of an older version becomes one of this version, with all that is in it, or stays as
// it is. Method: versions of the tests' own.
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { checkSchema, prepareSchema, type Schema } from '../../../../src/store/sqlite/schema.ts';

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
