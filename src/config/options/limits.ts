/** What clients are held to (src/base/limits.ts says why). */
import { limits } from '../../base/limits.ts';
import { type Option, optional } from '../option.ts';

const localProxies = ['127.0.0.0/8', '::1/128'];

export const limitsOptions = {
  'trust-proxy': {
    type: 'networks',
    topic: 'Limits',
    placeholder: 'CIDR,…',
    description: 'proxies whose word on the address of a client is taken',
    defaults: { server: localProxies, route: localProxies, dev: localProxies },
  },
  'limit-loopback': {
    type: 'boolean',
    topic: 'Limits',
    description: 'hold clients on this machine to these limits, too',
    defaults: { server: false, route: false, dev: false },
  },
  'connections-max': {
    type: 'integer',
    min: 1,
    max: 1_000_000,
    topic: 'Limits',
    placeholder: 'COUNT',
    description: 'connections of clients; as file descriptors allow, if absent',
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
} as const satisfies Record<string, Option>;
