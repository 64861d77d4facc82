/** Where a role listens, and what others connect to. */
import { type Option, optional } from '../option.ts';

/** Nobody can connect to port 0. */
const portOfOthers = {
  type: 'integer',
  min: 1,
  max: 65_535,
  topic: 'Listening',
  placeholder: 'PORT',
} as const;

export const listeningOptions = {
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
  'ws-port': {
    type: 'port',
    topic: 'Listening',
    description: 'port for WebSockets; 8082 if absent, a free one with --port 0',
    defaults: { server: optional, dev: optional },
  },
  'mqtt-port': {
    type: 'port',
    topic: 'Listening',
    description: 'port for MQTT; off if absent, but in cim dev 1883 where free (any with --port 0)',
    defaults: { server: optional, dev: optional },
  },
  'public-url': {
    type: 'socket-url',
    topic: 'Listening',
    placeholder: 'URL',
    description: 'where browsers reach it, if not there: wss://chat.example.org/ws',
    defaults: { server: optional, dev: optional },
  },
  host: {
    type: 'host',
    topic: 'Listening',
    description: 'address to listen on; :: is every one, of IPv4 too',
    defaults: { server: '::', route: '::', dev: '127.0.0.1' },
  },
  advertise: {
    type: 'address',
    topic: 'Listening',
    placeholder: 'HOST',
    description: 'name or address that others connect to; worked out if absent',
    defaults: { server: optional, route: optional, dev: optional },
  },
  'allow-origin': {
    type: 'origins',
    topic: 'Listening',
    placeholder: 'ORIGIN,…',
    description: 'web pages that may call the HTTP ports, like https://chat.example.org',
    defaults: { server: optional, route: optional, dev: optional },
  },
  'allow-host': {
    type: 'hosts',
    topic: 'Listening',
    placeholder: 'NAME,…',
    description: 'further host names by which the HTTP ports may be called',
    defaults: { server: optional, route: optional, dev: optional },
  },
  metrics: {
    type: 'choice',
    choices: ['secret', 'open'],
    topic: 'Listening',
    description: 'who may read /metrics: those with the cluster secret, or everybody',
    defaults: { server: 'secret', route: 'secret', dev: 'secret' },
  },
  'metrics-port': {
    type: 'port',
    topic: 'Listening',
    description: 'port for /metrics alone, open to all who reach it; 0 takes a free one',
    defaults: { server: optional, route: optional, dev: optional },
  },
  web: {
    type: 'choice',
    choices: ['off', 'on'],
    topic: 'Listening',
    description: 'serve the web chat at / of the HTTP port',
    defaults: { route: 'off', dev: 'on' },
  },
  'web-embed': {
    type: 'origins',
    topic: 'Listening',
    placeholder: 'ORIGIN,…',
    description: 'pages that may show the web chat in a frame, like https://intranet.example.org',
    defaults: { route: optional, dev: optional },
  },
  dashboard: {
    type: 'choice',
    choices: ['off', 'on'],
    topic: 'Listening',
    description: 'serve the dashboard of operators at /admin of the HTTP port',
    defaults: { route: 'off', dev: 'on' },
  },
  workers: {
    type: 'integer',
    min: 1,
    max: 64,
    topic: 'Listening',
    placeholder: 'COUNT',
    description: 'processes to run: servers take consecutive ports, routes share one',
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
    defaults: { server: optional, route: optional, dev: optional },
  },
  'advertise-http-port': {
    ...portOfOthers,
    description: 'as --advertise-port, for the HTTP port of the server',
    defaults: { server: optional, dev: optional },
  },
  'advertise-route-port': {
    ...portOfOthers,
    description: 'as --advertise-port, for the HTTP port of the route',
    defaults: { dev: optional },
  },
} as const satisfies Record<string, Option>;
