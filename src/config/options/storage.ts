/** Where routes keep what is kept, and how much of it. */
import { limits } from '../../base/limits.ts';
import { type Option, optional, required } from '../option.ts';

const dayMs = 24 * 3600 * 1000;

export const storageOptions = {
  redis: {
    type: 'redis',
    topic: 'Storage',
    placeholder: 'ADDRESS',
    description: 'host, host:port, redis(s):// or sentinel(s):// (s: with TLS)',
    defaults: { route: '127.0.0.1:6379' },
  },
  'redis-prefix': {
    type: 'text',
    charactersMax: 64,
    topic: 'Storage',
    placeholder: 'PREFIX',
    description: 'what the keys begin with: two systems can share one Redis',
    defaults: { route: 'cim' },
  },
  'redis-ca': {
    type: 'path',
    topic: 'Storage',
    placeholder: 'FILE',
    description: 'who must have signed the certificate of a Redis with TLS (PEM)',
    defaults: { route: optional },
  },
  'ack-replicas': {
    type: 'integer',
    min: 0,
    max: 16,
    topic: 'Storage',
    placeholder: 'COUNT',
    description: 'replicas of Redis that have a message before it is acknowledged',
    defaults: { route: 0 },
  },
  data: {
    type: 'path',
    topic: 'Storage',
    placeholder: 'DIR',
    description: "folder of cim dev's data; :memory: keeps nothing",
    defaults: {
      dev: { folder: 'data', orElse: required },
      admin: { folder: 'data', orElse: optional },
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
  'timeline-days': {
    type: 'integer',
    min: 1,
    max: 36_500,
    topic: 'Storage',
    placeholder: 'DAYS',
    description: 'days after the last message until those of a user or group are dropped',
    defaults: { route: limits.timelineAgeMs / dayMs, dev: limits.timelineAgeMs / dayMs },
  },
} as const satisfies Record<string, Option>;
