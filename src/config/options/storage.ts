/** Where routes keep what is kept, and how much of it. */
import { limits } from '../../base/limits.ts';
import { type Option, optional, required } from '../option.ts';

const dayMs = 24 * 3600 * 1000;

const messages = {
  type: 'integer',
  min: 1,
  max: 10_000_000,
  topic: 'Storage',
  placeholder: 'COUNT',
} as const;

const percent = {
  type: 'integer',
  min: 1,
  max: 100,
  topic: 'Storage',
  placeholder: 'PERCENT',
} as const;

function percentOf(share: number): number {
  return Math.round(share * 100);
}

export const storageOptions = {
  redis: {
    type: 'redis',
    topic: 'Storage',
    placeholder: 'ADDRESS',
    description: 'host, host:port, redis(s):// or sentinel(s):// (s: with TLS)',
    defaults: { route: '127.0.0.1:6379', doctor: optional },
  },
  'redis-prefix': {
    type: 'text',
    charactersMax: 64,
    topic: 'Storage',
    placeholder: 'PREFIX',
    description: 'beginning of every key, so that two systems can share one Redis',
    defaults: { route: 'cim', doctor: 'cim' },
  },
  'redis-ca': {
    type: 'path',
    topic: 'Storage',
    placeholder: 'FILE',
    description: 'who must have signed the certificate of a Redis with TLS (PEM)',
    defaults: { route: optional, doctor: optional },
  },
  'ack-replicas': {
    type: 'integer',
    min: 0,
    max: 16,
    topic: 'Storage',
    placeholder: 'COUNT',
    description: 'replicas of Redis that have a message before it is acknowledged or read',
    defaults: { route: 0, doctor: 0 },
  },
  data: {
    type: 'path',
    topic: 'Storage',
    placeholder: 'DIR',
    description: 'where cim dev keeps its data; :memory: nowhere',
    defaults: {
      dev: { folder: 'data', orElse: required },
      admin: { folder: 'data', orElse: optional },
      doctor: { folder: 'data', orElse: optional },
      trace: { folder: 'data', orElse: optional },
      top: { folder: 'data', orElse: optional },
    },
  },
  'timeline-max': {
    type: 'integer',
    min: 1,
    max: 10_000_000,
    topic: 'Storage',
    placeholder: 'COUNT',
    description: 'messages kept per user and per group',
    defaults: { route: limits.timelineMessagesMax, dev: limits.timelineMessagesMax },
  },
  'timeline-bytes': {
    type: 'integer',
    min: limits.runBytesMax,
    max: 1024 ** 4,
    topic: 'Storage',
    placeholder: 'BYTES',
    description: 'bytes of messages kept per user and per group',
    defaults: { route: limits.timelineBytesMax, dev: limits.timelineBytesMax },
  },
  'contact-unread': {
    ...messages,
    description: 'when much is unread: messages of one whom the user has written to',
    defaults: { route: limits.contactPlacesMax, dev: limits.contactPlacesMax },
  },
  'stranger-unread': {
    ...messages,
    description: 'the same of one stranger, to whom the user never wrote',
    defaults: { route: limits.strangerPlacesMax, dev: limits.strangerPlacesMax },
  },
  'strangers-share': {
    ...percent,
    description: 'the same of all strangers together, of what is kept for a user',
    defaults: { route: percentOf(limits.strangersShare), dev: percentOf(limits.strangersShare) },
  },
  'lobby-share': {
    ...percent,
    description: 'part of the lobby that one account may fill within an hour',
    defaults: { route: percentOf(limits.lobbyShare), dev: percentOf(limits.lobbyShare) },
  },
  'group-share': {
    ...percent,
    description: 'the same of a named group; its owner may set another',
    defaults: { route: percentOf(limits.groupShare), dev: percentOf(limits.groupShare) },
  },
  'timeline-days': {
    type: 'integer',
    min: 1,
    max: 36_500,
    topic: 'Storage',
    placeholder: 'DAYS',
    description: 'days after its last message until a whole timeline is dropped',
    defaults: { route: limits.timelineAgeMs / dayMs, dev: limits.timelineAgeMs / dayMs },
  },
} as const satisfies Record<string, Option>;
