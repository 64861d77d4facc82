/** Fields that several endpoints have in common. */

import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { fromBase64Url, toBase64Url } from '../../base/text/base64url.ts';
import { writtenMax } from '../../base/text/normal-form.ts';

export const userId = { type: 'integer', minimum: 1, maximum: limits.userIdMax } as const;

export const text = {
  type: 'string',
  maxLength: limits.textBytesMax,
  description: `at most ${limits.textBytesMax} bytes of UTF-8`,
} as const;

export const sealed = {
  type: 'string',
  // Of base64url.
  maxLength: Math.ceil((limits.sealedBytesMax * 4) / 3),
  description: `instead of a text, what only the devices of both sides can open (docs/guides/encryption.md); base64url, at most ${limits.sealedBytesMax} bytes`,
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

/** As they are in an answer. */
export function encodedBytes(bytes: Uint8Array | undefined): string | undefined {
  return bytes && toBase64Url(bytes);
}

/** Pages of what is in the order of user ids. */
export function pageFields(pageMax: number) {
  return {
    after: {
      type: 'integer',
      minimum: 0,
      maximum: limits.userIdMax,
      description: 'only users with ids above this; the last one of the page before',
    },
    limit: {
      type: 'integer',
      minimum: 1,
      maximum: pageMax,
      description: `${pageMax} if absent; a shorter page is the last one`,
    },
  } as const;
}

/** Checked by `assertUserName`. */
export const userName = {
  type: 'string',
  maxLength: writtenMax(limits.nameCharactersMax),
  description: `at most ${limits.nameCharactersMax} characters`,
} as const;

/** `host:port` or `host:port:port`, or an instance. */
export const serverName = {
  type: 'string',
  maxLength: limits.serverNameCharactersMax,
} as const;

/** Checked by `groupNameOf`, which also finds the form that the group bears. */
export const groupName = {
  type: 'string',
  maxLength: writtenMax(limits.groupNameCharactersMax),
  description: `at most ${limits.groupNameCharactersMax} characters, without white space, # and ;;; whatever the case, it is one group`,
} as const;

export const loginKey = {
  type: 'string',
  maxLength: limits.loginKeyCharactersMax,
  description:
    "derived from the account's secret, which stays at the client: 32 bytes in base64url, behind `drawn.` if the secret was drawn",
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

/** The address of a server (src/base/network/role-address.ts). */
export const endpoints = {
  type: 'array',
  description: 'where it is reached, in the order in which to try',
  items: {
    type: 'object',
    properties: {
      kind: { ...string, description: 'what is spoken there; tcp: the frames of clients' },
      host: { ...string, description: 'a name, or an address without brackets' },
      port: integer,
      tls: { ...boolean, description: 'whether it speaks TLS' },
      url: { ...string, description: 'what those outside call instead, if anything' },
    },
  },
} as const;
