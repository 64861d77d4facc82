/** How the parts of a cluster find and trust each other. */
import { type Option, optional, optionalWhereOneConnects } from '../option.ts';

const localRoute = ['http://127.0.0.1:8083'];
const localZookeeper = '127.0.0.1:2181';

export const clusterOptions = {
  route: {
    type: 'urls',
    topic: 'Cluster',
    placeholder: 'URL',
    description: 'a route; several are tried in turn',
    defaults: {
      client: localRoute,
      send: localRoute,
      verify: optional,
      bench: localRoute,
      admin: localRoute,
      doctor: localRoute,
    },
  },
  zk: {
    type: 'zookeeper',
    topic: 'Cluster',
    placeholder: 'HOSTS',
    description: 'ZooKeeper: host, host:port or a comma list, /chroot if any',
    defaults: {
      server: localZookeeper,
      route: localZookeeper,
      client: optional,
      send: optional,
      verify: optional,
      bench: optional,
      admin: optional,
      doctor: optional,
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
    description: 'secret that servers and routes share; if absent, they keep one in ZooKeeper',
    defaults: {
      server: optional,
      route: optional,
      dev: optional,
      admin: optional,
      doctor: optional,
    },
  },
  'cluster-secret-also': {
    type: 'text',
    charactersMax: 1_024,
    secret: true,
    topic: 'Cluster',
    placeholder: 'SECRET',
    description: 'a second secret that is accepted too, while you change the secret',
    defaults: { server: optional, route: optional },
  },
  'zk-auth': {
    type: 'text',
    charactersMax: 1_024,
    secret: true,
    topic: 'Cluster',
    placeholder: 'USER:PASSWORD',
    description: "who may read and write cim's nodes in ZooKeeper (digest); everybody if absent",
    defaults: optionalWhereOneConnects,
  },
  receipts: {
    type: 'choice',
    choices: ['all', 'delivered', 'off'],
    topic: 'Cluster',
    description: 'what others hear: delivered and read, delivered, nothing (typing, too)',
    defaults: { route: 'all', dev: 'all', client: 'all' },
  },
  strategy: {
    type: 'choice',
    choices: ['consistent-hash', 'round-robin', 'random', 'least-connections'],
    topic: 'Cluster',
    description: 'how a login is given a server',
    defaults: { route: 'consistent-hash', dev: 'consistent-hash' },
  },
} as const satisfies Record<string, Option>;
