/** What a person reads when the cluster has ended it, and what a script is told by the exit code. */
import { describe, expect, test } from '@jest/globals';
import { CimError, type ErrorName } from '../../../src/base/errors.ts';
import { closingReason, exitCodeOfClosing } from '../../../src/client/terminal/closing.ts';

const bob = { userId: 1, userName: 'bob' };
const wrongSecret =
  'this is not the secret of (1) bob: give it by --secret or CIM_SECRET. A device that has it tells it: :secret show. If none has, cim admin reset-secret 1 makes a new one; what was encrypted before cannot be read then.';

function closing(code: string, kind: ErrorName, reason = 'because') {
  return { code, reason, error: new CimError(kind) };
}

describe('the reason', () => {
  test.each<[string, ErrorName, string]>([
    ['9100', 'account-mismatch', wrongSecret],
    [
      '9301',
      'unauthenticated',
      'because; --secret, or --token where an application has the users, proves who you are',
    ],
    [
      'secret-changed',
      'not-allowed',
      'the secret of (1) bob was changed: come back with the new one, by --secret or CIM_SECRET',
    ],
    ['5100', 'name-taken', 'because'],
    // Right secret: nothing is said of it.
    ['9101', 'wrong-name', 'because'],
    ['kicked', 'not-allowed', 'because'],
    [
      'account-deleted',
      'not-allowed',
      'the account (1) bob was deleted: its id is never used again, its name is free',
    ],
  ])('%s', (code, kind, reason) => {
    expect(closingReason(closing(code, kind), bob, false)).toBe(reason);
  });

  test('with the token of an application there is no secret to give', () => {
    for (const kind of ['account-mismatch', 'unauthenticated'] as const)
      expect(closingReason(closing('x', kind), bob, true)).toBe('because');
  });

  test('is one line, whoever bob is', () => {
    const nasty = { userId: 1, userName: 'b\nob\u001b[2J' };
    expect(closingReason(closing('9100', 'account-mismatch'), nasty, false)).not.toMatch(/\p{Cc}/u);
  });
});

test.each<[string, ErrorName, number]>([
  ['not-allowed', 'not-allowed', 77],
  ['secret-changed', 'not-allowed', 77],
  ['account-deleted', 'not-allowed', 77],
  ['9100', 'account-mismatch', 77],
  ['9301', 'unauthenticated', 77],
  ['5100', 'name-taken', 77],
  ['5101', 'id-taken', 77],
  ['9500', 'bad-config', 78],
  ['replaced', 'not-allowed', 1],
  ['kicked', 'not-allowed', 1],
  ['4000', 'internal', 1],
])('%s (%s) exits with %i', (code, kind, exitCode) => {
  expect(exitCodeOfClosing(closing(code, kind))).toBe(exitCode);
});
