/** What clients are held to (src/base/limits.ts says why). */
import { limits } from '../../base/limits.ts';
import { type Option, optional } from '../option.ts';

const mib = 1024 * 1024;
const localProxies = ['127.0.0.0/8', '::1/128'];

export const limitsOptions = {
  'trust-proxy': {
    type: 'networks',
    topic: 'Limits',
    placeholder: 'CIDR,…',
    description: "proxies that are believed about a client's address",
    defaults: { server: localProxies, route: localProxies, dev: localProxies },
  },
  'limit-loopback': {
    type: 'boolean',
    topic: 'Limits',
    description: 'apply these limits to clients on this machine, too',
    defaults: { server: false, route: false, dev: false },
  },
  'buffers-mib': {
    type: 'integer',
    min: limits.processBytesMin / mib,
    max: 65_536,
    topic: 'Limits',
    placeholder: 'MIB',
    description: 'memory for what others have not read yet, or only half sent',
    defaults: {
      server: limits.processBytesMax / mib,
      route: limits.processBytesMax / mib,
      dev: limits.processBytesMax / mib,
    },
  },
  'connections-max': {
    type: 'integer',
    min: 1,
    max: 1_000_000,
    topic: 'Limits',
    placeholder: 'COUNT',
    description: 'connections of clients at a time; if absent, as many as file descriptors allow',
    defaults: { server: optional, route: optional, dev: optional },
  },
  'connections-per-ip': {
    type: 'integer',
    min: 1,
    max: 1_000_000,
    topic: 'Limits',
    placeholder: 'COUNT',
    description: 'connections from one address',
    defaults: {
      server: limits.connectionsPerAddressMax,
      route: limits.connectionsPerAddressMax,
      dev: limits.connectionsPerAddressMax,
    },
  },
  'login-rate': {
    type: 'integer',
    min: 1,
    max: 1_000_000,
    topic: 'Limits',
    placeholder: 'COUNT',
    description: 'logins per minute from one address',
    defaults: {
      server: limits.loginsPerMinuteMax,
      route: limits.loginsPerMinuteMax,
      dev: limits.loginsPerMinuteMax,
    },
  },
  'login-failure-rate': {
    type: 'integer',
    min: 1,
    max: 1_000_000,
    topic: 'Limits',
    placeholder: 'COUNT',
    description: 'wrong secrets per minute for one account, from one address',
    defaults: { route: limits.failedLoginsPerMinuteMax, dev: limits.failedLoginsPerMinuteMax },
  },
  'registration-rate': {
    type: 'integer',
    min: 1,
    max: 1_000_000,
    topic: 'Limits',
    placeholder: 'COUNT',
    description: 'registrations per minute from one address',
    defaults: { route: limits.registrationsPerMinuteMax, dev: limits.registrationsPerMinuteMax },
  },
  'send-rate': {
    type: 'integer',
    min: 1,
    max: 1_000_000,
    topic: 'Limits',
    placeholder: 'COUNT',
    description: 'messages per second of one user, over a while',
    defaults: {
      server: limits.sendsPerSecondMax,
      route: limits.sendsPerSecondMax,
      dev: limits.sendsPerSecondMax,
    },
  },
  'send-bytes-rate': {
    type: 'integer',
    min: 1_024,
    max: 1024 * 1024 * 1024,
    topic: 'Limits',
    placeholder: 'BYTES',
    description: 'bytes of messages per second of one user, over a while',
    defaults: {
      server: limits.sendBytesPerSecondMax,
      route: limits.sendBytesPerSecondMax,
      dev: limits.sendBytesPerSecondMax,
    },
  },
  'read-bytes-rate': {
    type: 'integer',
    min: 16 * 1024,
    max: 1024 * 1024 * 1024,
    topic: 'Limits',
    placeholder: 'BYTES',
    description: 'bytes per second that one user reads, over a while',
    defaults: {
      server: limits.readBytesPerSecondMax,
      route: limits.readBytesPerSecondMax,
      dev: limits.readBytesPerSecondMax,
    },
  },
  'conversation-rate': {
    type: 'integer',
    min: 1,
    max: 1_000_000,
    topic: 'Limits',
    placeholder: 'COUNT',
    description: 'conversations that a user may begin per hour',
    defaults: { server: limits.conversationsPerHourMax, dev: limits.conversationsPerHourMax },
  },
} as const satisfies Record<string, Option>;
