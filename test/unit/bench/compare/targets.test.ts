// Goal: a verdict says of the right two figures whether their ratio is what is to be reached.
// Method: figures as given, in which single ones are changed.
import { expect, test } from '@jest/globals';
import type { Figures } from '../../../../bench/compare/measure.ts';
import { rows } from '../../../../bench/compare/rows.ts';
import { judge, type Verdict } from '../../../../bench/compare/targets.ts';

type Given = Partial<Figures> & Pick<Figures, 'row' | 'system'>;

function figures(given: Given): Figures {
  return {
    messagesPerSecond: 1_000,
    cpuUsPerMessage: 10,
    cpuUsOf: {},
    loadCpuUsPerMessage: 1,
    systemBusy: 1,
    loadBusy: 1,
    p50Ms: 1,
    p99Ms: 2,
    rssPerConnection: 10_000,
    missing: 0,
    ...given,
  };
}

function cpu(row: string, system: Figures['system'], cpuUsPerMessage: number): Figures {
  return figures({ row, system, cpuUsPerMessage });
}

/** Every row on every system of it, all alike; but in the idle one nothing is sent. */
const everything = rows.flatMap(({ name, systems, window }) =>
  systems.map((system) =>
    figures({ row: name, system, cpuUsPerMessage: window === 0 ? 0 : 10, p50Ms: 1 }),
  ),
);

function find(verdicts: readonly Verdict[], ...words: readonly string[]): Verdict {
  const found = verdicts.filter(({ what }) => words.every((word) => what.includes(word)));
  expect(found.map(({ what }) => what)).toHaveLength(1);
  return found[0] as Verdict;
}

test('a whole run is judged by every target, each once', () => {
  const whats = judge(everything).map(({ what, bound }) => `${what} | ${bound}`);
  const everyone = ['nats', 'mosquitto', 'ejabberd', 'aedes'];
  const pairs = ['transient-1', 'transient-10', 'transient-100', 'transient-1000'];
  const beatenIn = rows.filter(({ name }) => name !== 'durable-10' && name !== 'idle-15000');
  const beaten = beatenIn.flatMap(({ name, systems }) =>
    systems
      .filter((system) => system === 'socket.io' || system === 'aedes')
      .map((system) => `${name}: CPU per message, cim dev to ${system} | 1`),
  );
  expect(whats.toSorted()).toEqual(
    [
      'transient pairs: CPU per message to nats, geometric mean | 1',
      ...pairs.map((row) => `${row}: CPU per message, cim dev to nats | 1.15`),
      'transient-1: CPU per message, cim dev to mosquitto | 0.9',
      'transient-10: CPU per message, cim dev to mosquitto | 0.2',
      'transient-100: CPU per message, cim dev to mosquitto | 0.2',
      ...everyone.map((name) => `durable-10: CPU per message, cim dev to ${name} | 1`),
      ...everyone.map((name) => `durable-10: CPU per message, cim cluster to ${name} | 1`),
      'fan-out-1000: CPU per message, cim dev to mosquitto | 1',
      'fan-out-1000: CPU per message, cim dev to nats | 1',
      'fan-out under load: deliveries per second to those of one message at a time | 5',
      'durable-lone: p50 of cim dev to nats | 1.5',
      'durable-lone: p50 of cim cluster to nats | 6',
      'idle-15000: RSS per connection to the relay | 1.3',
      'CPU per message at 15 000 to 1 000 connections: growth to that of the relay | 1.15',
      ...beaten,
      'idle-15000: RSS per connection, cim dev to socket.io | 1',
      'idle-15000: RSS per connection, cim dev to aedes | 1',
      'transient-10: CPU per message, cim ws to cim dev | 1.35',
      'durable-10: CPU per message, cim ws to cim dev | 1.35',
      'transient-10: CPU per message, cim ws to socket.io | 1',
      'transient-10: p99 of cim ws to socket.io | 1',
      'idle-15000: RSS per connection, cim ws to socket.io | 1',
      'idle-15000: RSS per connection of cim ws, KB | 15',
    ].toSorted(),
  );
  expect(beaten.length).toBeGreaterThan(15);
});

test('WebSocket is judged beside TCP, beside socket.io, and by what an idle connection takes', () => {
  const at = (row: 'transient-10' | 'idle-15000', system: Figures['system'], given: object) =>
    figures({ row, system, ...given });
  const verdicts = judge([
    at('transient-10', 'cim dev', { cpuUsPerMessage: 10, p99Ms: 1 }),
    at('transient-10', 'cim ws', { cpuUsPerMessage: 14, p99Ms: 3 }),
    at('transient-10', 'socket.io', { cpuUsPerMessage: 28, p99Ms: 6 }),
    at('idle-15000', 'cim ws', { cpuUsPerMessage: 0, rssPerConnection: 16 * 1_024 }),
    at('idle-15000', 'socket.io', { cpuUsPerMessage: 0, rssPerConnection: 20 * 1_024 }),
  ]);
  const reached = { isReached: true, ratio: 0.5 };
  expect(find(verdicts, 'cim ws to cim dev')).toMatchObject({ ratio: 1.4, isReached: false });
  expect(find(verdicts, 'CPU', 'cim ws to socket.io')).toMatchObject(reached);
  expect(find(verdicts, 'p99')).toMatchObject(reached);
  expect(find(verdicts, 'idle', 'cim ws to socket.io')).toMatchObject({ ratio: 0.8 });
  expect(find(verdicts, 'of cim ws, KB')).toMatchObject({ ratio: 16, isReached: false });
});

test('a ratio is that of cim to the other, in the same row', () => {
  const verdicts = judge([
    cpu('transient-1', 'cim dev', 9),
    cpu('transient-1', 'mosquitto', 10),
    cpu('transient-1', 'nats', 6),
    cpu('transient-10', 'cim dev', 3),
    cpu('transient-10', 'mosquitto', 10),
    cpu('durable-10', 'cim dev', 5),
    cpu('durable-10', 'cim cluster', 20),
    cpu('durable-10', 'ejabberd', 10),
  ]);
  expect(find(verdicts, 'transient-1:', 'mosquitto')).toMatchObject({
    ratio: 0.9,
    isReached: true,
  });
  expect(find(verdicts, 'transient-1:', 'nats')).toMatchObject({ ratio: 1.5, isReached: false });
  expect(find(verdicts, 'transient-10:')).toMatchObject({ ratio: 0.3, isReached: false });
  expect(find(verdicts, 'cim dev to ejabberd')).toMatchObject({ ratio: 0.5, isReached: true });
  expect(find(verdicts, 'cim cluster to ejabberd')).toMatchObject({ ratio: 2, isReached: false });
});

test('what lacks a figure is left out', () => {
  expect(judge([])).toEqual([]);
  expect(judge([cpu('transient-1', 'cim dev', 9), cpu('transient-10', 'nats', 9)])).toEqual([]);
  const without = (row: string, system: string) =>
    judge(everything.filter((each) => each.row !== row || each.system !== system)).map(
      ({ what }) => what,
    );
  const all = judge(everything).map(({ what }) => what);
  const leftOut = (row: string, system: string) => {
    const rest = without(row, system);
    return all.filter((what) => !rest.includes(what));
  };
  expect(leftOut('transient-1000', 'nats')).toEqual([
    'transient pairs: CPU per message to nats, geometric mean',
    'transient-1000: CPU per message, cim dev to nats',
  ]);
  expect(leftOut('spread-15000', 'relay')).toEqual([expect.stringContaining('growth')]);
  expect(leftOut('fan-out-load', 'cim dev')).toEqual([expect.stringContaining('under load')]);
  expect(leftOut('idle-15000', 'aedes')).toEqual([expect.stringContaining('cim dev to aedes')]);
});

test('the mean of the four shapes is geometric: twice in one is made good by half in another', () => {
  const mean = (ratios: readonly number[]) =>
    find(
      judge(
        ['transient-1', 'transient-10', 'transient-100', 'transient-1000'].flatMap((row, index) => [
          cpu(row, 'cim dev', 10 * (ratios[index] ?? 1)),
          cpu(row, 'nats', 10),
        ]),
      ),
      'geometric',
    );
  expect(mean([2, 0.5, 1, 1]).ratio).toBeCloseTo(1);
  expect(mean([0.9, 0.9, 1, 1])).toMatchObject({ isReached: true });
  expect(mean([1.1, 1.1, 1, 1])).toMatchObject({ isReached: false });
});

test('at most is reached up to its bound, at least from it on', () => {
  const lone = (p50Ms: number) =>
    judge([
      figures({ row: 'durable-lone', system: 'cim dev', p50Ms }),
      figures({ row: 'durable-lone', system: 'cim cluster', p50Ms: 4 * p50Ms }),
      figures({ row: 'durable-lone', system: 'nats', p50Ms: 2 }),
    ]);
  expect(find(lone(3), 'cim dev')).toMatchObject({ ratio: 1.5, isReached: true, isLeast: false });
  expect(find(lone(3.1), 'cim dev')).toMatchObject({ isReached: false });
  expect(find(lone(3), 'cim cluster')).toMatchObject({ ratio: 6, isReached: true, aim: 3 });
  expect(find(lone(3.1), 'cim cluster')).toMatchObject({ isReached: false });

  const merged = (messagesPerSecond: number) =>
    find(
      judge([
        figures({ row: 'fan-out-load', system: 'cim dev', messagesPerSecond }),
        figures({ row: 'fan-out-1000', system: 'cim dev', messagesPerSecond: 100 }),
      ]),
      'under load',
    );
  expect(merged(500)).toMatchObject({ ratio: 5, isReached: true, isLeast: true });
  expect(merged(499)).toMatchObject({ isReached: false });
});

test('growth is that of cim, by that of the relay', () => {
  const verdicts = judge([
    cpu('spread-1000', 'cim dev', 2),
    cpu('spread-15000', 'cim dev', 6),
    cpu('spread-1000', 'relay', 1),
    cpu('spread-15000', 'relay', 2),
  ]);
  expect(find(verdicts, 'growth')).toMatchObject({ ratio: 1.5, isReached: false });
});

test('where nothing is sent it is the memory that is compared', () => {
  const idle = (system: Figures['system'], rssPerConnection: number) =>
    figures({ row: 'idle-15000', system, rssPerConnection, cpuUsPerMessage: 0 });
  const verdicts = judge([idle('cim dev', 6_500), idle('relay', 5_000), idle('socket.io', 13_000)]);
  expect(find(verdicts, 'relay')).toMatchObject({ ratio: 1.3, isReached: true });
  expect(find(verdicts, 'socket.io')).toMatchObject({ ratio: 0.5, isReached: true });
});

test('the longest pause of a garbage collection has a bound where connections are idle', () => {
  const collections = { count: 9, totalMs: 200, longestMs: 50.5, heapBytes: 60e6 };
  const verdicts = judge([figures({ row: 'idle-15000', system: 'cim dev', collections })]);
  expect(find(verdicts, 'collection')).toMatchObject({ ratio: 50.5, bound: 50, isReached: false });
});
