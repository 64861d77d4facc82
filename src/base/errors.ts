/**
 * Every operating error that cim tells anybody about, in one table. A programmer error is not here:
 * it asserts and crashes.
 *
 * `code` is what the HTTP envelope carries (the Java system's codes where it has one,
 * docs/reference/java-clients.md) and is never reused; `status` is the HTTP status where the answer is
 * not a business outcome; `retryable` tells a caller that the very same request may succeed later.
 * docs/reference/errors.md is generated from this table.
 */

interface ErrorEntry {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly meaning: string;
}

export const errorTable = {
  'invalid-argument': { code: '3000', status: 400, retryable: false, meaning: 'invalid argument' },
  'too-long': {
    code: '3001',
    status: 400,
    retryable: false,
    meaning: 'The text or name is over its limit',
  },
  'not-found': {
    code: '3404',
    status: 404,
    retryable: false,
    meaning: 'There is nothing at this path',
  },
  'wrong-method': {
    code: '3405',
    status: 405,
    retryable: false,
    meaning: 'This path does not take that method',
  },
  'too-large': {
    code: '3413',
    status: 413,
    retryable: false,
    meaning: 'The request body is over its limit',
  },
  'wrong-media-type': {
    code: '3415',
    status: 415,
    retryable: false,
    meaning: 'The request body must be JSON',
  },
  internal: { code: '4000', status: 500, retryable: true, meaning: 'Failure' },
  'repeat-login': {
    code: '5000',
    status: 200,
    retryable: false,
    meaning: 'Repeat login, log out an account please!',
  },
  'name-taken': {
    code: '5100',
    status: 200,
    retryable: false,
    meaning: 'The name belongs to another account',
  },
  'id-taken': {
    code: '5101',
    status: 200,
    retryable: false,
    meaning: 'The user id belongs to another account',
  },
  'account-deleted': {
    code: '5102',
    status: 200,
    retryable: false,
    meaning: 'The account was deleted, and its user id is never used again',
  },
  'account-blocked': {
    code: '5103',
    status: 403,
    retryable: false,
    meaning: 'An operator has blocked the account',
  },
  'receiver-offline': {
    code: '7000',
    status: 200,
    retryable: false,
    meaning: 'You selected user is offline!, please try again later!',
  },
  'no-server': {
    code: '7100',
    status: 200,
    retryable: true,
    meaning: 'cim server is not available, please try again later!',
  },
  'unknown-receiver': {
    code: '7300',
    status: 200,
    retryable: false,
    meaning: 'The receiver has no account',
  },
  'unknown-group': {
    code: '7301',
    status: 200,
    retryable: false,
    meaning: 'There is no such group',
  },
  'not-a-member': {
    code: '7302',
    status: 200,
    retryable: false,
    meaning: 'Only members of the group may do this',
  },
  'group-exists': {
    code: '7303',
    status: 200,
    retryable: false,
    meaning: 'The group was created by somebody else: join it, or choose another name',
  },
  'no-key': {
    code: '7400',
    status: 200,
    retryable: false,
    meaning: 'There is no key with which to encrypt: the account has none',
  },
  'key-changed': {
    code: '7401',
    status: 200,
    retryable: false,
    meaning: 'The key of the receiver has changed since it was verified',
  },
  'encrypted-group': {
    code: '7402',
    status: 200,
    retryable: false,
    meaning:
      'The group is encrypted: only what was encrypted with its key goes there, by clients that can',
  },
  'not-encrypted': {
    code: '7403',
    status: 200,
    retryable: false,
    meaning: 'The group is not encrypted: nobody there could open it',
  },
  'too-many': {
    code: '7304',
    status: 200,
    retryable: false,
    meaning: 'There are as many of these as there may be',
  },
  'unknown-schedule': {
    code: '7305',
    status: 200,
    retryable: false,
    meaning: 'No such message waits to be sent',
  },
  'too-late': {
    code: '7306',
    status: 200,
    retryable: false,
    meaning: 'The message is being sent already, or was sent too long ago',
  },
  'mailbox-full': {
    code: '7307',
    status: 200,
    retryable: false,
    meaning:
      'Not stored: the receiver is away, and has as much unread as there is room for from you. Write again when they have read it',
  },
  'group-share': {
    code: '7308',
    status: 200,
    retryable: false,
    meaning:
      'Not stored: within the last hour you have said as much there as one account may. Write again later',
  },
  'not-the-owner': {
    code: '7309',
    status: 200,
    retryable: false,
    meaning: 'Only the owner of the group may do this',
  },
  'not-an-admin': {
    code: '7320',
    status: 200,
    retryable: false,
    meaning: 'Only the owner and the admins of the group may do this',
  },
  'no-such-member': {
    code: '7321',
    status: 200,
    retryable: false,
    meaning: 'This user is not in the group',
  },
  'not-invited': {
    code: '7322',
    status: 200,
    retryable: false,
    meaning: 'Only those may join whom the owner or an admin of the group has invited',
  },
  'group-closed': {
    code: '7323',
    status: 200,
    retryable: false,
    meaning: 'Nobody may join the group until its owner opens it',
  },
  'removed-from-group': {
    code: '7324',
    status: 200,
    retryable: false,
    meaning:
      'The owner or an admin has removed the user from the group; who was removed may join when one of them has invited them',
  },
  'unknown-file': {
    code: '7330',
    status: 404,
    retryable: false,
    meaning:
      'There is no such file, or it is another one’s: it may have expired, or was never finished',
  },
  'file-too-large': {
    code: '7331',
    status: 200,
    retryable: false,
    meaning: 'The file is larger than files may be here',
  },
  'no-room-for-files': {
    code: '7332',
    status: 200,
    retryable: false,
    meaning: 'There is no room for the file until others have expired',
  },
  'file-exists': {
    code: '7333',
    status: 200,
    retryable: false,
    meaning: 'The id belongs to another file: draw another one',
  },
  'bad-chunk': {
    code: '7334',
    status: 400,
    retryable: false,
    meaning: 'This is not the part of the file that it is said to be: nothing of it was kept',
  },
  'incomplete-file': {
    code: '7335',
    status: 200,
    retryable: false,
    meaning: 'Parts of the file are missing: begin again to hear which, and send those',
  },
  'bad-file': {
    code: '7336',
    status: 200,
    retryable: false,
    meaning: 'The file has another hash than was said when it was begun',
  },
  'no-files': {
    code: '7337',
    status: 200,
    retryable: false,
    meaning: 'This cluster keeps no files',
  },
  'bad-range': {
    code: '7338',
    status: 416,
    retryable: false,
    meaning: 'The file has no such range',
  },
  'not-the-author': {
    code: '7310',
    status: 200,
    retryable: false,
    meaning: 'Only the author of the message may do this',
  },
  'damaged-file': {
    code: '7349',
    status: 200,
    retryable: false,
    meaning: 'What has come is not the file that the message tells of',
  },
  busy: { code: '8100', status: 503, retryable: true, meaning: 'Not taken, please try again' },
  'too-many-requests': {
    code: '8101',
    status: 429,
    retryable: true,
    meaning: 'Too many requests in a short time, please try again later',
  },
  'out-of-order': {
    code: '8200',
    status: 200,
    retryable: true,
    meaning: 'A message before this one is missing: send again from the first unanswered one',
  },
  'stale-key': {
    code: '8201',
    status: 200,
    retryable: true,
    meaning: 'The group has another key by now: encrypt with that one, and send again',
  },
  'key-reused': {
    code: '8300',
    status: 200,
    retryable: false,
    meaning: 'The Idempotency-Key was used for another request',
  },
  'account-mismatch': {
    code: '9100',
    status: 200,
    retryable: false,
    meaning: 'The User information you have used is incorrect!',
  },
  'wrong-name': {
    code: '9101',
    status: 200,
    retryable: false,
    meaning: 'The account bears another name',
  },
  'not-allowed': { code: '9300', status: 403, retryable: false, meaning: 'Not allowed' },
  unauthenticated: {
    code: '9301',
    status: 401,
    retryable: false,
    meaning: 'Who calls must be proven',
  },
  unavailable: {
    code: '9400',
    status: 503,
    retryable: true,
    meaning: 'A part that this needs cannot be reached',
  },
  'bad-config': { code: '9500', status: 500, retryable: false, meaning: 'The settings are wrong' },
  usage: { code: '9501', status: 500, retryable: false, meaning: 'The command line is wrong' },
  'port-taken': {
    code: '9502',
    status: 500,
    retryable: false,
    meaning: 'The port cannot be listened on',
  },
  'no-web-crypto': {
    code: '9503',
    status: 500,
    retryable: false,
    meaning:
      'There is no WebCrypto here (a page has it on https and on localhost): use cim-client/crypto, or a token and e2ee: off',
  },
  unconfirmed: {
    code: '9600',
    status: 200,
    retryable: false,
    meaning: 'The message may or may not have been stored',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorName = keyof typeof errorTable;

const errorNames = new Map(
  Object.entries(errorTable).map(([name, { code }]) => [Number(code), name as ErrorName]),
);

/** The error that has this code; one of a newer version is `internal` to this one. */
export function errorOfCode(code: number): ErrorName {
  return errorNames.get(code) ?? 'internal';
}

/** The answer of everything that worked; not an error, but in the same space of codes. */
export const successCode = '9000';

/**
 * An operating error: expected, explained, and handled where it matters. `detail` is for people and
 * never holds a secret.
 */
export class CimError extends Error {
  override readonly name = 'CimError';
  readonly kind: ErrorName;
  /** When it may be tried again, if that is known. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: ErrorName,
    detail?: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(detail ?? errorTable[kind].meaning, options);
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }

  get code(): string {
    return errorTable[this.kind].code;
  }

  get retryable(): boolean {
    return errorTable[this.kind].retryable;
  }
}

/** What to print of anything thrown, in one line: what failed and, unless it says so itself, why. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const isNew = cause instanceof Error && !message.includes(cause.message);
  return isNew ? `${message}: ${cause.message}` : message;
}
