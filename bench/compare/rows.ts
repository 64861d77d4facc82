/** The rows of the comparison: what work, and who does it. */
import type { Work } from '../load/load.ts';
import { count as thousandsApart } from '../scale/table.ts';
import type { SystemName } from './systems.ts';

export interface Row extends Work {
  readonly name: string;
  readonly title: string;
  readonly systems: readonly SystemName[];
}

const unstored: readonly SystemName[] = [
  ...(['relay', 'cim dev', 'nats', 'mosquitto', 'redis', 'socket.io', 'aedes'] as const),
];
const stored: readonly SystemName[] = [
  ...(['cim dev', 'cim cluster', 'nats', 'mosquitto', 'ejabberd', 'aedes'] as const),
];

/** Rows that are run over WebSocket, too: beside our own TCP, `ws` alone and socket.io. */
const overWebSocket: readonly SystemName[] = ['ws relay', 'cim ws'];

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

/** `transient-10`: so many in flight on each connection. */
function pairs(name: string, base: Omit<Row, 'name' | 'title' | 'window'>, window: number): Row {
  const { connections, bytes } = base;
  const size = bytes < 1_024 ? '' : `, ${bytes / 1_024} KB`;
  const title = `${thousandsApart(connections)} connections, ${window} in flight each${size}`;
  return { ...base, name, title, window };
}

/** So many in flight among all connections. */
function spread(name: string, base: Partial<Row>, connections: number, window: number): Row {
  const inFlight = `${thousandsApart(window)} messages in flight among them all`;
  const title = `${thousandsApart(connections)} connections, ${inFlight}`;
  return { ...transient, pattern: 'scattered', ...base, name, title, connections, window };
}

/** One writes to all the others. */
function fanOut(name: string, base: Partial<Row>, receivers: number, window = 1): Row {
  const inFlight = window === 1 ? 'one message at a time' : `${window} messages in flight`;
  const title = `${base.durable ? 'stored, ' : ''}1 to ${thousandsApart(receivers)}, ${inFlight}`;
  const connections = receivers + 1;
  return { ...transient, ...base, pattern: 'group', name, title, connections, window };
}

export const rows: readonly Row[] = [
  pairs('transient-1', transient, 1),
  pairs('transient-10', { ...transient, systems: [...unstored, ...overWebSocket] }, 10),
  pairs('transient-100', transient, 100),
  pairs('transient-1000', { ...transient, connections: 1_000 }, 2),
  spread('transient-10000', {}, 10_000, 100),
  pairs('transient-1k', { ...transient, bytes: 1_024 }, 2),
  // More would be over what cim lets wait for one connection before it drops (64 KiB).
  pairs('transient-16k', { ...transient, bytes: 16_384 }, 2),
  fanOut('fan-out-1000', {}, 1_000),
  fanOut('fan-out-10000', {}, 10_000),
  fanOut(
    'fan-out-load',
    { systems: ['relay', 'cim dev', 'nats', 'mosquitto', 'redis'] },
    1_000,
    100,
  ),
  spread('spread-1000', { systems: ['relay', 'cim dev', 'nats'] }, 1_000, 1_000),
  spread('spread-15000', { systems: ['relay', 'cim dev', 'nats'] }, 15_000, 1_000),
  pairs('durable-1', durable, 1),
  pairs('durable-10', { ...durable, systems: [...stored, 'cim ws'] }, 10),
  pairs('durable-100', durable, 100),
  {
    ...durable,
    name: 'durable-lone',
    title: 'a lone message now and then',
    connections: 2,
    window: 1,
    gapMs: 20,
    measureMs: 5_000,
  },
  fanOut(
    'durable-fan-out-1000',
    { durable: true, systems: ['cim dev', 'cim cluster', 'nats', 'mosquitto'] },
    1_000,
  ),
  {
    ...transient,
    name: 'idle-15000',
    title: '15 000 connections that only send heartbeats',
    connections: 15_000,
    systems: [...unstored, ...overWebSocket],
    window: 0,
    warmUpMs: 5_000,
    measureMs: 15_000,
  },
];
