/** The rows of the comparison: what work, and who does it. */
import type { Work } from '../load/load.ts';
import type { SystemName } from './systems.ts';

export interface Row extends Work {
  readonly name: string;
  readonly title: string;
  readonly systems: readonly SystemName[];
}

const unstored: readonly SystemName[] = [
  'relay',
  'cim dev',
  'nats',
  'mosquitto',
  'redis',
  'socket.io',
  'aedes',
];
const stored: readonly SystemName[] = [
  'cim dev',
  'cim cluster',
  'nats',
  'mosquitto',
  'ejabberd',
  'aedes',
];

const transient = {
  pattern: 'pairs',
  durable: false,
  bytes: 64,
  connections: 100,
  warmUpMs: 1_500,
  measureMs: 3_000,
  systems: unstored,
} as const;
const durable = { ...transient, durable: true, systems: stored } as const;
const spread = {
  ...transient,
  pattern: 'scattered',
  window: 1_000,
  systems: ['relay', 'cim dev', 'nats'],
} as const;
const fanOut = { ...transient, pattern: 'group', window: 1 } as const;

export const rows: readonly Row[] = [
  { ...transient, name: 'transient-1', title: '100 connections, 1 in flight each', window: 1 },
  { ...transient, name: 'transient-10', title: '100 connections, 10 in flight each', window: 10 },
  {
    ...transient,
    name: 'transient-100',
    title: '100 connections, 100 in flight each',
    window: 100,
  },
  {
    ...transient,
    name: 'transient-1000',
    title: '1 000 connections, 2 in flight each',
    connections: 1_000,
    window: 2,
  },
  {
    ...transient,
    name: 'transient-10000',
    title: '10 000 connections, 100 messages in flight among them all',
    pattern: 'scattered',
    connections: 10_000,
    window: 100,
  },
  {
    ...transient,
    name: 'transient-1k',
    title: '100 connections, 2 in flight each, 1 KB',
    bytes: 1_024,
    window: 2,
  },
  {
    ...transient,
    name: 'transient-16k',
    // More would be over what cim lets wait for one connection before it drops (64 KiB).
    title: '100 connections, 2 in flight each, 16 KB',
    bytes: 16_384,
    window: 2,
  },
  {
    ...fanOut,
    name: 'fan-out-1000',
    title: '1 to 1 000, one message at a time',
    connections: 1_001,
  },
  {
    ...fanOut,
    name: 'fan-out-10000',
    title: '1 to 10 000, one message at a time',
    connections: 10_001,
  },
  {
    ...fanOut,
    name: 'fan-out-load',
    title: '1 to 1 000, 100 messages in flight',
    connections: 1_001,
    window: 100,
    systems: ['relay', 'cim dev', 'nats', 'mosquitto', 'redis'],
  },
  {
    ...spread,
    name: 'spread-1000',
    title: '1 000 connections, 1 000 messages in flight among them all',
    connections: 1_000,
  },
  {
    ...spread,
    name: 'spread-15000',
    title: '15 000 connections, 1 000 messages in flight among them all',
    connections: 15_000,
  },
  { ...durable, name: 'durable-1', title: '100 connections, 1 in flight each', window: 1 },
  { ...durable, name: 'durable-10', title: '100 connections, 10 in flight each', window: 10 },
  { ...durable, name: 'durable-100', title: '100 connections, 100 in flight each', window: 100 },
  {
    ...durable,
    name: 'durable-lone',
    title: 'a lone message now and then',
    connections: 2,
    window: 1,
    gapMs: 20,
    measureMs: 5_000,
  },
  {
    ...durable,
    name: 'durable-fan-out-1000',
    title: 'stored, 1 to 1 000, one message at a time',
    pattern: 'group',
    connections: 1_001,
    window: 1,
    systems: ['cim dev', 'cim cluster', 'nats', 'mosquitto'],
  },
  {
    ...transient,
    name: 'idle-15000',
    title: '15 000 connections that only send heartbeats',
    connections: 15_000,
    window: 0,
    warmUpMs: 5_000,
    measureMs: 15_000,
    systems: ['relay', 'cim dev', 'nats', 'mosquitto', 'redis', 'socket.io', 'aedes'],
  },
];
