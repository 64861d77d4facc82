/**
 * Why a server ends a connection. The *range* says what the client does, so that an old client
 * obeys a new code: 100-199 come back, 200-299 come back, but elsewhere, 300-399 do not come back.
 * Sent to cim clients in a CLOSE frame; a Java peer just sees the end.
 */
export const closeCodes = {
  'login-timeout': { code: 100, meaning: 'no login within the time for it' },
  silent: { code: 101, meaning: 'nothing was heard from the client for too long' },
  slow: { code: 102, meaning: 'the client did not read what was sent to it' },
  unavailable: { code: 103, meaning: 'the login could not be checked now' },
  failed: { code: 104, meaning: 'the server failed at something that the client sent' },
  forgotten: {
    code: 105,
    meaning: 'the cluster had taken this connection for lost',
  },
  'token-refused': {
    code: 106,
    meaning: 'the token is expired or not valid: log in anew',
  },
  'too-fast': { code: 107, meaning: 'too many logins in a short time' },
  unfinished: { code: 108, meaning: 'a frame was begun and not ended in time' },
  'other-store': {
    code: 109,
    meaning: 'the store was put back or replaced: everything kept there is read again',
  },
  moving: { code: 200, meaning: 'the server is being emptied or stopped: another one takes over' },
  full: { code: 201, meaning: 'the server takes no more connections' },
  replaced: { code: 300, meaning: 'the device has connected anew' },
  'not-allowed': { code: 301, meaning: 'the user id and name are not those of an account' },
  'protocol-error': { code: 302, meaning: 'the client sent something that makes no sense' },
  kicked: { code: 303, meaning: 'an operator ended the session' },
  'too-many-devices': { code: 304, meaning: 'the user has too many devices connected' },
  'secret-changed': { code: 306, meaning: "the account's secret was changed" },
  blocked: { code: 308, meaning: 'an operator has blocked the account' },
  'account-deleted': { code: 307, meaning: 'the account was deleted' },
  'wrong-version': {
    code: 305,
    meaning: 'the client speaks a version of the protocol that the server does not',
  },
} as const satisfies Record<string, { code: number; meaning: string }>;

export type CloseName = keyof typeof closeCodes;

export type CloseAdvice = 'come-back' | 'elsewhere' | 'final';

/** What a client does about a code, known to it or not. */
export function closeAdvice(code: number): CloseAdvice {
  if (code >= 300 && code < 400) return 'final';
  return code >= 200 && code < 300 ? 'elsewhere' : 'come-back';
}

export function closeNameOf(code: number): CloseName | undefined {
  return (Object.keys(closeCodes) as CloseName[]).find((name) => closeCodes[name].code === code);
}
