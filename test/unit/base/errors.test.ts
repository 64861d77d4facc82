import { describe, expect, test } from '@jest/globals';
import { CimError, describeError, errorTable } from '../../../src/base/errors.ts';
import { exitCodeOf } from '../../../src/base/exit-codes.ts';

describe('describeError', () => {
  test('adds why, but not twice', () => {
    const cause = new Error('connection refused');
    expect(describeError(new CimError('unavailable', 'no route', { cause }))).toBe(
      'no route: connection refused',
    );
    expect(
      describeError(new CimError('unavailable', 'no route: connection refused', { cause })),
    ).toBe('no route: connection refused');
    expect(describeError('text')).toBe('text');
  });
});

describe('the table of errors', () => {
  test('has every code once', () => {
    const codes = Object.values(errorTable).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test('gives the exit codes of docs/reference/errors.md', () => {
    expect(
      [
        new CimError('usage'),
        new CimError('account-mismatch'),
        new CimError('port-taken'),
        new Error('x'),
      ].map(exitCodeOf),
    ).toEqual([64, 77, 69, 1]);
  });
});
