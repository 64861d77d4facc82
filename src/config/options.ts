/**
 * Every option of cim, once. Flags, environment variables, file keys, defaults, checks, help, shell
 * completion and docs/reference/settings.md all come from here; so do the types of settings
 * (settings.ts).
 */
import { limits } from '../base/limits.ts';
import { logLevels } from '../base/log.ts';
import { type Option, optional, type Role, required } from './option.ts';

const dayMs = 24 * 3600 * 1000;
const localRoute = ['http://127.0.0.1:8083'];
const localZookeeper = '127.0.0.1:2181';
/** Whom a token speaks for can be asked. */
const unlessToken = { requiredUnless: 'token' } as const;
const localProxies = ['127.0.0.0/8', '::1/128'];

/** Nobody can connect to port 0. */
const portOfOthers = {
  type: 'integer',
  min: 1,
  max: 65_535,
  topic: 'Listening',
  placeholder: 'PORT',
} as const;

export const optionTable = {
  port: {
    type: 'port',
    topic: 'Listening',
    description: 'port for clients (route: for HTTP); 0 takes a free one',
    defaults: { server: 9000, route: 8083, dev: 9000 },
  },
  'http-port': {
    type: 'port',
    topic: 'Listening',
    description: 'HTTP port of the server; 0 takes a free one',
    defaults: { server: 8081, dev: 8081 },
  },
  'route-port': {
    type: 'port',
    topic: 'Listening',
    description: 'HTTP port of the route; 0 takes a free one',
    defaults: { dev: 8083 },
  },
  host: {
    type: 'host',
    topic: 'Listening',
    description: 'address to listen on',
    defaults: { server: '0.0.0.0', route: '0.0.0.0', dev: '127.0.0.1' },
  },
  advertise: {
    type: 'address',
    topic: 'Listening',
    placeholder: 'IP',
    description: 'address that others connect to; worked out if absent',
    defaults: { server: optional, route: optional },
  },
  workers: {
    type: 'integer',
    min: 1,
    max: 64,
    topic: 'Listening',
    placeholder: 'COUNT',
    description: 'processes: servers on consecutive ports; routes share theirs',
    defaults: { server: 1, route: 1 },
  },
  'link-port': {
    ...portOfOthers,
    min: 0,
    description: 'port for servers, where routes share --port; set by --workers',
    defaults: { route: optional },
  },
  'advertise-port': {
    ...portOfOthers,
    description: 'port that others connect to, where it is not the one listened on: behind NAT',
    defaults: { server: optional, route: optional },
  },
  'advertise-http-port': {
    ...portOfOthers,
    description: 'as --advertise-port, for the HTTP port of the server',
    defaults: { server: optional },
  },

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
    description: "the account's name, as others see it",
    defaults: { client: unlessToken, send: unlessToken },
  },
  secret: {
    type: 'text',
    charactersMax: 1_024,
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
    description: 'what an application vouches for the user with (--auth jwt)',
    defaults: { client: optional, send: optional },
  },
  e2ee: {
    type: 'choice',
    choices: ['auto', 'require', 'off'],
    topic: 'Account',
    description: 'encrypt private messages end to end: where both sides can, always, never',
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
    defaults: { send: optional },
  },
  group: {
    type: 'text',
    charactersMax: limits.groupNameCharactersMax,
    topic: 'Message',
    placeholder: 'NAME',
    description: 'the group to send to',
    defaults: { send: optional },
  },
  transient: {
    type: 'boolean',
    topic: 'Message',
    description: 'send to whoever is connected, at most once; nothing is stored',
    defaults: { client: false, send: false },
  },

  route: {
    type: 'urls',
    topic: 'Cluster',
    placeholder: 'URL',
    description: 'a route; several are tried in turn',
    defaults: { client: localRoute, send: localRoute, verify: optional, admin: localRoute },
  },
  zk: {
    type: 'zookeeper',
    topic: 'Cluster',
    placeholder: 'HOSTS',
    description: 'ZooKeeper: host, host:port or a comma list, with /chroot if any',
    defaults: {
      server: localZookeeper,
      route: localZookeeper,
      client: optional,
      send: optional,
      verify: optional,
      admin: optional,
    },
  },
  'zk-session-timeout-ms': {
    type: 'integer',
    min: 2_000,
    max: 60_000,
    topic: 'Cluster',
    placeholder: 'MS',
    description: 'silence after which ZooKeeper takes this process for dead',
    defaults: { server: 10_000, route: 10_000 },
  },
  'cluster-secret': {
    type: 'text',
    charactersMax: 1_024,
    secret: true,
    topic: 'Cluster',
    placeholder: 'SECRET',
    description: 'what servers and routes know each other by; agreed on among them if absent',
    defaults: { server: optional, route: optional, dev: optional, admin: optional },
  },
  'cluster-secret-also': {
    type: 'text',
    charactersMax: 1_024,
    secret: true,
    topic: 'Cluster',
    placeholder: 'SECRET',
    description: 'a second one that is accepted too, while the secret is being changed',
    defaults: { server: optional, route: optional },
  },
  'zk-auth': {
    type: 'text',
    charactersMax: 1_024,
    secret: true,
    topic: 'Cluster',
    placeholder: 'USER:PASSWORD',
    description: "who may read and write cim's nodes in ZooKeeper (digest); everybody if absent",
    defaults: {
      server: optional,
      route: optional,
      client: optional,
      send: optional,
      verify: optional,
      admin: optional,
    },
  },
  strategy: {
    type: 'choice',
    choices: ['consistent-hash', 'round-robin', 'random', 'least-connections'],
    topic: 'Cluster',
    description: 'how a login is given a server',
    defaults: { route: 'consistent-hash', dev: 'consistent-hash' },
  },
  auth: {
    type: 'choice',
    choices: ['secret', 'jwt', 'open'],
    topic: 'Users',
    description: 'how they prove who they are',
    defaults: { route: 'secret', dev: 'secret' },
  },

  'token-minutes': {
    type: 'integer',
    min: 1,
    max: 10_080,
    topic: 'Users',
    placeholder: 'MINUTES',
    description: 'how long what /login gives lets a user in',
    defaults: { route: 60, dev: 60 },
  },
  'jwt-secret': {
    type: 'text',
    charactersMax: 8_192,
    secret: true,
    topic: 'Users',
    placeholder: 'SECRET',
    description: '--auth jwt: what the application signs with, HS256',
    defaults: { route: optional, dev: optional },
  },
  'jwt-keys': {
    type: 'text',
    charactersMax: 2_048,
    topic: 'Users',
    placeholder: 'FILE or URL',
    description: '--auth jwt: its public keys, a JWKS or one in PEM: RS256, ES256, EdDSA',
    defaults: { route: optional, dev: optional },
  },
  'jwt-issuer': {
    type: 'text',
    charactersMax: 1_024,
    topic: 'Users',
    placeholder: 'TEXT',
    description: '--auth jwt: the issuer (iss) that a token must name',
    defaults: { route: optional, dev: optional },
  },
  'jwt-audience': {
    type: 'text',
    charactersMax: 1_024,
    topic: 'Users',
    placeholder: 'TEXT',
    description: '--auth jwt: the audience (aud) that a token must name',
    defaults: { route: optional, dev: optional },
  },
  'jwt-id-claim': {
    type: 'text',
    charactersMax: 256,
    topic: 'Users',
    placeholder: 'NAME',
    description: '--auth jwt: the claim that is the user id, or else the name',
    defaults: { route: 'sub', dev: 'sub' },
  },
  'jwt-name-claim': {
    type: 'text',
    charactersMax: 256,
    topic: 'Users',
    placeholder: 'NAME',
    description: '--auth jwt: the claim that is the user name',
    defaults: { route: 'name', dev: 'name' },
  },

  'tls-cert': {
    type: 'path',
    topic: 'TLS',
    placeholder: 'FILE',
    description: 'certificate chain in PEM: every port speaks TLS; read again on SIGHUP',
    defaults: { server: optional, route: optional, dev: optional },
  },
  'tls-key': {
    type: 'path',
    topic: 'TLS',
    placeholder: 'FILE',
    description: 'its private key in PEM',
    defaults: { server: optional, route: optional, dev: optional },
  },
  'tls-ca': {
    type: 'path',
    topic: 'TLS',
    placeholder: 'FILE',
    description: 'who must have signed the certificates of others, if not a usual authority',
    defaults: {
      server: optional,
      route: optional,
      client: optional,
      send: optional,
      verify: optional,
      admin: optional,
    },
  },
  'tls-name': {
    type: 'host',
    topic: 'TLS',
    placeholder: 'NAME',
    description: 'the name in the certificates of others, where it is not the address',
    defaults: {
      server: optional,
      route: optional,
      client: optional,
      send: optional,
      verify: optional,
      admin: optional,
    },
  },
  'tls-client-certs': {
    type: 'boolean',
    topic: 'TLS',
    description: 'let other roles in only with a certificate signed by --tls-ca',
    defaults: { server: false, route: false },
  },

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

  seed: {
    type: 'integer',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    topic: 'Run',
    placeholder: 'NUMBER',
    description: 'what everything is drawn from: the same again with the same; drawn if absent',
    defaults: { verify: optional },
  },
  minutes: {
    type: 'decimal',
    min: 0.05,
    max: 10_080,
    topic: 'Run',
    placeholder: 'NUMBER',
    description: 'how long people write; then it waits for what is on its way',
    defaults: { verify: 1 },
  },
  users: {
    type: 'integer',
    min: 2,
    max: 1_000,
    topic: 'Run',
    placeholder: 'COUNT',
    description: 'people who write to each other',
    defaults: { verify: 12 },
  },
  devices: {
    type: 'integer',
    min: 1,
    max: limits.devicesPerUserMax,
    topic: 'Run',
    placeholder: 'COUNT',
    description: 'devices that each of them has at most',
    defaults: { verify: 3 },
  },
  groups: {
    type: 'integer',
    min: 0,
    max: 100,
    topic: 'Run',
    placeholder: 'COUNT',
    description: 'named groups of some of them',
    defaults: { verify: 3 },
  },
  rate: {
    type: 'integer',
    min: 1,
    max: 10_000,
    topic: 'Run',
    placeholder: 'COUNT',
    description: 'messages sent per second, by all together',
    defaults: { verify: 100 },
  },
  lobby: {
    type: 'boolean',
    topic: 'Run',
    description:
      'write to the lobby too, where everybody online reads it; always, in its own cluster',
    defaults: { verify: false },
  },
  faults: {
    type: 'boolean',
    topic: 'Run',
    description: 'kill, freeze, restart and cut the parts of its own cluster',
    defaults: { verify: false },
  },
  servers: {
    type: 'integer',
    min: 1,
    max: 32,
    topic: 'Run',
    placeholder: 'COUNT',
    description: 'servers of the cluster that it starts, without --route and --zk',
    defaults: { verify: 3 },
  },
  routes: {
    type: 'integer',
    min: 1,
    max: 32,
    topic: 'Run',
    placeholder: 'COUNT',
    description: 'routes of that cluster',
    defaults: { verify: 2 },
  },

  label: {
    type: 'text',
    charactersMax: limits.labelCharactersMax,
    topic: 'Keys of applications',
    description: 'what the key is for',
    defaults: { admin: optional },
  },
  scope: {
    type: 'text',
    charactersMax: 256,
    topic: 'Keys of applications',
    placeholder: 'SCOPE',
    description: 'push, read or group:NAME: send as anybody, look, send as anybody to one group',
    defaults: { admin: optional },
  },

  json: {
    type: 'boolean',
    topic: 'Output',
    description: 'one JSON object per line instead of text for people',
    defaults: { client: false, send: false, verify: false, admin: false },
  },
  listen: {
    type: 'boolean',
    topic: 'Output',
    description: 'stay when the input has ended',
    defaults: { client: false },
  },
  check: {
    type: 'boolean',
    topic: 'Output',
    description: 'only list what is wrong, and exit 78 if anything is',
    sources: ['flag'],
    defaults: { config: false },
  },

  'log-level': {
    type: 'choice',
    choices: logLevels,
    topic: 'General',
    description: 'least level logged to stderr',
    // A conversation shows its own errors; a log would run into what is being typed.
    defaults: {
      server: 'info',
      route: 'info',
      dev: 'warn',
      client: 'silent',
      send: 'silent',
      verify: 'silent',
    },
  },
  config: {
    type: 'path',
    topic: 'General',
    placeholder: 'FILE',
    description: 'file of settings, YAML or JSON, keys named as the flags',
    sources: ['flag', 'env'],
    defaults: {
      server: optional,
      route: optional,
      dev: optional,
      client: optional,
      send: optional,
      verify: optional,
      admin: optional,
      config: optional,
    },
  },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof optionTable;

/**
 * Pairs that contradict each other: the one from the stronger source holds, and both from the same
 * source are an error.
 */
export const exclusivePairs: readonly (readonly [OptionName, OptionName])[] = [
  ['route', 'zk'],
  ['to', 'group'],
  ['jwt-secret', 'jwt-keys'],
];

/** The options in the order of the table. */
export const optionEntries = Object.entries(optionTable) as readonly (readonly [
  OptionName,
  Option,
])[];

/** The options of one role, in the order of the table. */
export function optionsOf(role: Role): readonly (readonly [OptionName, Option])[] {
  return optionEntries.filter(([, option]) => role in option.defaults);
}

export function findOption(name: string): readonly [OptionName, Option] | undefined {
  return optionEntries.find(([candidate]) => candidate === name);
}
