import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { pendingOf } from '../../../src/cli/admin/import/java-records.ts';

/** As a route in Shanghai makes them: the id has the moment, `createdAt` the clock on its wall. */
const moment = Date.UTC(2026, 3, 5, 2, 5, 13, 123);
const id = idAt(moment);
const fields = {
  content: 'hi',
  status: 0,
  createdAt: '2026-04-05T10:05:13.123456',
  properties: { sendUserId: '7', sendUserName: 'cj' },
};

function idAt(at: number): string {
  return String((BigInt(at - 1_622_505_600_000) << 22n) | (1n << 12n) | 5n);
}

test('a message has its sender, its receiver, its text and its moment', () => {
  const expected = { id, from: 7, fromName: 'cj', to: 8, text: 'hi', at: moment };
  expect(pendingOf(id, '8', fields)).toEqual(expected);
  const asInMysql = { ...fields, status: '0', properties: JSON.stringify(fields.properties) };
  expect(pendingOf(id, '8', asInMysql)).toEqual(expected);
});

describe('the moment', () => {
  test.each([
    ['in Shanghai', '2026-04-05T10:05:13.123456'],
    ['in UTC, as MySQL writes it', '2026-04-05 02:05:13'],
    ['in Los Angeles', '2026-04-04T19:05:13'],
    ['on Kiritimati', '2026-04-05T16:05:14'],
  ])('is that of the id, whatever the zone was: %s', (_zone, createdAt) => {
    expect(pendingOf(id, '8', { ...fields, createdAt })).toMatchObject({ at: moment });
  });

  test('is local time here if something else has made the id', () => {
    const found = pendingOf('12', '8', fields);
    expect(found).toMatchObject({ at: Date.parse('2026-04-05T10:05:13.123') });
  });
});

test('what was delivered is none', () => {
  expect(pendingOf(id, '8', { ...fields, status: 1 })).toBeNull();
});

test.each([
  ['its id is not a number', 'x', '8', {}],
  ['its receiver is not the id of a user', id, '9007199254740993', {}],
  ['its receiver is not the id of a user', id, null, {}],
  ['it does not tell its sender', id, '8', { properties: null }],
  ['it does not tell its sender', id, '8', { properties: 'not JSON' }],
  ['it has no text', id, '8', { content: null }],
  ['its text is not well-formed Unicode', id, '8', { content: 'half \ud83d' }],
  ['a text may have', id, '8', { content: 'x'.repeat(limits.textBytesMax + 1) }],
  ['it does not tell when it was written', id, '8', { createdAt: null }],
  ['it does not tell when it was written', '12', '8', { createdAt: '1950-01-01T00:00' }],
])('%s', (reason, messageId, receiver, other) => {
  const found = pendingOf(messageId, receiver, { ...fields, ...other });
  expect(found).toEqual(expect.stringContaining(reason));
});

test('a name of a sender that a route would refuse as too long, or as no Unicode, is cut', () => {
  const sendUserName = `${'x'.repeat(limits.nameCharactersMax - 1)}😀`;
  const found = pendingOf(id, '8', { ...fields, properties: { sendUserId: '7', sendUserName } });
  const { fromName } = found as { fromName: string };
  expect(fromName).toHaveLength(limits.nameCharactersMax);
  expect(fromName.isWellFormed()).toBe(true);
});
