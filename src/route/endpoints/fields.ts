/** Fields that several endpoints have in common. */
import { fromBase64Url, toBase64Url } from '../../base/base64url.ts';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

export const userId = { type: 'integer', minimum: 1, maximum: limits.userIdMax } as const;

export const text = {
  type: 'string',
  description: `at most ${limits.textBytesMax} bytes of UTF-8`,
} as const;

export const sealed = {
  type: 'string',
  description: `instead of a text, what only the devices of both sides can open (docs/encryption.md); base64url, at most ${limits.sealedBytesMax} bytes`,
} as const;

/** Undefined if it is not there. */
export function sealedBytesOf(sealed: string | undefined): Uint8Array | undefined {
  if (sealed === undefined) return undefined;
  const bytes = fromBase64Url(sealed);
  if (!bytes || bytes.length === 0)
    throw new CimError('invalid-argument', 'sealed: must be base64url');
  if (bytes.length > limits.sealedBytesMax) {
    const limit = `at most ${limits.sealedBytesMax} bytes`;
    throw new CimError('too-long', `sealed: ${limit}, these are ${bytes.length}`);
  }
  return bytes;
}

export function sealedTextOf(sealed: Uint8Array | undefined): string | undefined {
  return sealed && toBase64Url(sealed);
}

/** Checked by `groupNameOf`, which also finds the form that the group bears. */
export const groupName = {
  type: 'string',
  description: `at most ${limits.groupNameCharactersMax} characters, without white space, # and ;;; whatever the case, it is one group`,
} as const;

export const loginKey = {
  type: 'string',
  maxLength: limits.loginKeyCharactersMax,
  description:
    "derived from the account's secret, which stays at the client: 32 bytes in base64url",
} as const;

export const wrappedKey = {
  type: 'string',
  minLength: 1,
  maxLength: limits.wrappedKeyCharactersMax,
  description:
    'the private key of the account, sealed under a key that only its secret gives; base64url',
} as const;

/** Answers, for the documentation. */
export const string = { type: 'string' } as const;
export const integer = { type: 'integer' } as const;
export const boolean = { type: 'boolean' } as const;
export const account = {
  type: 'object',
  properties: { userId: integer, userName: string },
} as const;
