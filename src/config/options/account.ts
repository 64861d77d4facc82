/** Who a client is, and to whom it sends. */
import { limits } from '../../base/limits.ts';
import { type Option, optional } from '../option.ts';

/** Whom a token speaks for can be asked. */
const unlessToken = { requiredUnless: 'token' } as const;

export const accountOptions = {
  'user-id': {
    type: 'integer',
    min: 1,
    max: limits.userIdMax,
    topic: 'Account',
    placeholder: 'ID',
    description: "the account's number",
    defaults: { client: unlessToken, send: unlessToken },
  },
  name: {
    type: 'text',
    charactersMax: limits.nameCharactersMax,
    topic: 'Account',
    description: "the account's name, as others see it; or a device's",
    defaults: { client: unlessToken, send: unlessToken, admin: optional },
  },
  secret: {
    type: 'text',
    charactersMax: limits.secretCharactersMax,
    secret: true,
    topic: 'Account',
    placeholder: 'SECRET',
    description: "the account's secret, on a device that does not have it; drawn at the first use",
    defaults: { client: optional, send: optional },
  },
  token: {
    type: 'text',
    charactersMax: 8_192,
    secret: true,
    topic: 'Account',
    placeholder: 'JWT',
    description: 'a token by which an application vouches for the user (--auth jwt)',
    defaults: { client: optional, send: optional },
  },
  e2ee: {
    type: 'choice',
    choices: ['auto', 'require', 'off'],
    topic: 'Account',
    description: 'encrypt messages end to end: where both sides can, always, never',
    defaults: { client: 'auto', send: 'auto' },
  },
  state: {
    type: 'path',
    topic: 'Account',
    placeholder: 'DIR',
    description: 'folder that remembers what was shown already',
    defaults: {
      client: { folder: 'config', orElse: optional },
      send: { folder: 'config', orElse: optional },
    },
  },
  to: {
    type: 'integer',
    min: 1,
    max: limits.userIdMax,
    topic: 'Message',
    placeholder: 'ID',
    description: 'the user to send to',
    defaults: { send: optional, trace: optional },
  },
  group: {
    type: 'text',
    charactersMax: limits.groupNameCharactersMax,
    topic: 'Message',
    placeholder: 'NAME',
    description: 'the group to send to',
    defaults: { send: optional, trace: optional },
  },
  'reply-to': {
    type: 'text',
    charactersMax: limits.identityCharactersMax,
    topic: 'Message',
    placeholder: 'ID',
    description: 'the id of the message that this one answers',
    defaults: { send: optional },
  },
  file: {
    type: 'path',
    topic: 'Message',
    placeholder: 'PATH',
    description: 'send this file',
    defaults: { send: optional },
  },
  transient: {
    type: 'boolean',
    topic: 'Message',
    description: 'send to whoever is connected, at most once; nothing is stored',
    defaults: { client: false, send: false },
  },
} as const satisfies Record<string, Option>;
