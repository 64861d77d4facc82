/** POST /publishKey, /ownKey, /keys: key pairs of accounts, for encryption from end to end. */
import { limits } from '../../base/limits.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { PublicKeys } from '../../store/accounts.ts';
import type { RouteOperations } from '../operations.ts';
import { integer, string, userId, wrappedKey } from './fields.ts';

const publicKey = {
  type: 'string',
  maxLength: limits.publicKeyCharactersMax,
  description: 'X25519, 32 bytes in base64url',
} as const;

const pair = { type: 'object', properties: { publicKey, wrappedKey: string } } as const;

export function keyEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/publishKey',
      access: { who: 'users', actor: 'userId' },
      summary: 'Gives an account its key pair, unless it has one; the one that it has then',
      body: {
        type: 'object',
        required: ['userId', 'publicKey', 'wrappedKey'],
        properties: { userId, publicKey, wrappedKey },
      },
      answer: pair,
      handle: async ({ userId, ...offered }) =>
        pairOf(await operations.publishKey(userId, offered)),
    }),

    endpoint({
      method: 'POST',
      path: '/ownKey',
      access: { who: 'users', actor: 'userId' },
      summary: 'The key pair of an account; null if it has none',
      body: { type: 'object', required: ['userId'], properties: { userId } },
      answer: pair,
      handle: async ({ userId }) => {
        const found = await operations.ownKey(userId);
        return found && pairOf(found);
      },
    }),

    endpoint({
      method: 'POST',
      path: '/keys',
      access: { who: 'users' },
      summary: 'The public keys of accounts, in the order asked; null where there is no account',
      body: {
        type: 'object',
        required: ['userIds'],
        properties: {
          userIds: { type: 'array', items: userId, maxItems: limits.keysPerRequestMax },
        },
      },
      answer: {
        type: 'array',
        items: {
          type: ['object', 'null'],
          properties: {
            userId: integer,
            userName: string,
            current: { type: ['string', 'null'], description: 'null: it has no key' },
            earlier: { type: 'array', items: string, description: 'newest first' },
          },
        },
      },
      handle: async ({ userIds }) => (await operations.publicKeys(userIds)).map(keysOf),
    }),
  ];
}

function pairOf({ publicKey, wrappedKey }: { publicKey: string; wrappedKey: string }) {
  return { publicKey, wrappedKey };
}

function keysOf(keys: PublicKeys | null) {
  if (!keys) return null;
  const { account, current, earlier } = keys;
  return { userId: account.userId, userName: account.name, current, earlier };
}
