// Goal: what a million users need follows from the measured constants by the stated formulas, and
// the constants from the measured points. Method: numbers that are easily reckoned by hand.
import { expect, test } from '@jest/globals';
import { type Constants, constantsOf, serversOf } from '../../../bench/scale/constants.ts';
import type { Work } from '../../../bench/scale/crowd-order.ts';
import { type ByPart, byPart, type Point, summarize } from '../../../bench/scale/figures.ts';
import { type Assumptions, million, needsOf } from '../../../bench/scale/model.ts';
import type { Results } from '../../../bench/scale/parts.ts';

const none = byPart(() => 0);
/** On servers alone. */
const onServers = (server: number): ByPart => ({ ...none, server });

const free: Constants = {
  idleUs: none,
  connectionBytes: 10_000,
  privateUs: { alone: none, busy: none },
  groupUs: { alone: none, busy: none },
  pushUs: { alone: none, busy: none },
  deliveryUs: none,
  acknowledgementUs: none,
  loginUs: none,
  accountBytes: 1_000,
  storedBytes: 100,
  textBytes: 64,
  sentBytes: 80,
  pushedBytes: 120,
  betweenBytes: 1_000,
};

/** A message per second of each of 1 000 users who are all there, in private. */
const chatty: Assumptions = {
  ...million,
  users: 1_000,
  onlineShare: 1,
  devices: 1,
  messagesPerDay: 43_200,
  peakFactor: 2,
  groupShare: 0,
  groupMembers: 10,
  textBytes: 64,
  loginsPerDay: 0,
  timelineMessages: 10,
  groupsPerUser: 1,
  utilization: 0.5,
  connectionsPerServer: 100_000,
  redisBytesPerShard: 1_000_000,
  returnSeconds: 1e9,
};

test('private messages: each costs what was measured, in its company', () => {
  const privateUs = { alone: onServers(4_000), busy: { ...none, server: 1_000, redis: 2_000 } };
  const needs = needsOf(chatty, { ...free, privateUs }, 'busy');
  expect(needs.privateMessages).toBeCloseTo(1_000);
  expect(needs.cores.server).toBeCloseTo(1);
  expect(needs.cores.redis).toBeCloseTo(2);
  expect(needs.servers).toEqual({ byCpu: 2, byConnections: 1 });
  expect(needs.shards.byCpu).toBe(4);
  const alone = needsOf(chatty, { ...free, privateUs }, 'alone');
  expect(alone.cores.server).toBeCloseTo(4);
  expect(alone.servers.byCpu).toBe(8);
});

test('other devices are pushes of their own, and everybody acknowledges', () => {
  const constants = {
    ...free,
    pushUs: { alone: none, busy: onServers(100) },
    deliveryUs: onServers(10),
    acknowledgementUs: { ...none, route: 1_000 },
  };
  const needs = needsOf({ ...chatty, devices: 1.5 }, constants, 'busy');
  // One more copy of each message: half a device more on both sides.
  expect(needs.cores.server).toBeCloseTo(0.11);
  expect(needs.deliveries).toBeCloseTo(2_000);
  expect(needs.cores.route).toBeCloseTo(3);
});

test('a group message is stored once, pushed to each server, written to each member', () => {
  const constants = {
    ...free,
    groupUs: { alone: none, busy: onServers(1_000) },
    pushUs: { alone: none, busy: onServers(100) },
    deliveryUs: onServers(10),
  };
  const groups = { ...chatty, groupShare: 1, connectionsPerServer: 1_000 };
  // One server for the connections, and three for what it turns out to cost.
  const needs = needsOf(groups, constants, 'busy');
  expect(needs.groupMessages).toBeCloseTo(1_000);
  expect(needs.deliveries).toBeCloseTo(10_000);
  expect(needs.cores.server).toBeCloseTo(1 + 0.1 * serversOf(10, needs.servers.byCpu) + 0.1, 1);
});

test('connections and logins cost without any message; memory decides on shards', () => {
  const constants = { ...free, idleUs: onServers(10), loginUs: { ...none, route: 10_000 } };
  const silent = {
    ...chatty,
    messagesPerDay: 0,
    loginsPerDay: 4_320,
    connectionsPerServer: 300,
    returnSeconds: 30,
  };
  const needs = needsOf(silent, constants, 'busy');
  expect(needs.cores.server).toBeCloseTo(0.01);
  expect(needs.servers).toEqual({ byCpu: 1, byConnections: 4 });
  expect(needs.logins).toBeCloseTo(100);
  expect(needs.returning).toBe(10);
  expect(needs.cores.route).toBeCloseTo(1.1);
  // Per user an account, and two timelines of ten messages.
  expect(needs.redisBytes).toBe(1_000 * (1_000 + 2 * 10 * 100));
  expect(needs.shards.byMemory).toBe(3);
  expect(needs.serverBytes).toBe(250 * 10_000);
});

test('longer texts are longer wherever they pass', () => {
  const short = needsOf(chatty, free, 'busy');
  const long = needsOf({ ...chatty, textBytes: 164 }, free, 'busy');
  expect(short.clientBytes).toBeCloseTo(1_000 * (80 + 120) + 100 * 20);
  expect(long.clientBytes - short.clientBytes).toBeCloseTo(1_000 * 2 * 100);
  expect(long.betweenBytes - short.betweenBytes).toBeCloseTo(1_000 * 4 * 100);
  expect(long.redisBytes - short.redisBytes).toBe(1_000 * 2 * 10 * 100);
});

test('members on servers: never more than there are of either', () => {
  expect(serversOf(1, 50)).toBeCloseTo(1);
  expect(serversOf(20, 1)).toBe(1);
  expect(serversOf(1_000, 4)).toBeCloseTo(4);
  expect(serversOf(2, 2)).toBe(1.5);
});

test('a point is the median of its slices, without what the connections cost', () => {
  const slice = {
    seconds: 1,
    sent: 1_000,
    delivered: 9_000,
    acknowledgements: 0,
    crowdCpuSeconds: 0,
    writtenBytes: none,
    clientBytesRead: 0,
    clientBytesWritten: 0,
    scriptCalls: 100,
    redisMemoryBytes: 0,
    redisFileBytes: 0,
    p50Ms: 1,
    p99Ms: 2,
  };
  const idle = { connections: 10, cores: onServers(0.1), rssBytes: none };
  const slices = [0.3, 5, 0.2].map((server) => ({ ...slice, cpuSeconds: onServers(server) }));
  const about = { ...pointOf(privately(100), 0), missing: 0 };
  const point = summarize(about, slices, idle);
  expect(point.cpuUsEach.server).toBeCloseTo(200);
  expect(point.deliveriesEach).toBe(9);
  expect(point.perScriptCall).toBe(10);
});

test('the constants are told apart by what differs between two points', () => {
  const constants = constantsOf(results);
  expect(constants.idleUs.server).toBeCloseTo(5);
  expect(constants.connectionBytes).toBe(10_000);
  expect(constants.privateUs.busy.server).toBe(70);
  expect(constants.privateUs.alone.server).toBe(400);
  expect(constants.deliveryUs.server).toBeCloseTo(10);
  // Of 10 connections about 3.77 of 4 servers have some.
  expect(constants.pushUs.busy.server).toBeCloseTo(20);
  expect(constants.pushUs.alone.server).toBeCloseTo(50);
  expect(constants.groupUs.busy.server).toBeCloseTo(200 - 20 - 90);
  expect(constants.groupUs.alone.server).toBeCloseTo(600 - 50 - 90);
  expect(constants.acknowledgementUs.server).toBeCloseTo(15);
  expect(constants.loginUs.server).toBe(500);
  expect(constants.storedBytes).toBe(130);
});

test('a point that the model needs and that is missing is an error', () => {
  expect(() => constantsOf({ ...results, sizes: { points: [] } })).toThrow('not measured');
});

function privately(window: number): Work {
  return { kind: 'scattered', durable: true, window };
}

function inGroups(groups: number, members: number): Work {
  return { kind: 'groups', durable: true, window: 1, groups, members };
}

function pointOf(work: Work, serverUs: number, more: Partial<Point> = {}): Point {
  return {
    size: { servers: 1, routes: 1 },
    connections: 1_000,
    work,
    acknowledging: false,
    sentPerSecond: 1_000,
    deliveriesEach: work.kind === 'groups' ? work.members - 1 : 1,
    acknowledgementsEach: 0,
    cpuUsEach: onServers(serverUs),
    crowdCpuUsEach: 1,
    cores: 1,
    writtenBytesEach: none,
    clientBytesReadEach: 100,
    clientBytesWrittenEach: 80,
    perScriptCall: 10,
    redisMemoryBytesEach: 260,
    redisFileBytesEach: 500,
    p50Ms: 1,
    p99Ms: 2,
    missing: 0,
    ...more,
  };
}

const stepOf = (server: number) => ({
  count: 100,
  seconds: 1,
  cpuUsEach: onServers(server),
  redisMemoryBytesEach: 300,
});
const spread = serversOf(10, 4) - 1;
const four = { servers: 4, routes: 1 };
const results: Results = {
  connections: {
    coming: [{ connections: 1_000, register: stepOf(0), logIn: stepOf(100), connect: stepOf(400) }],
    idle: [
      { connections: 0, cores: onServers(0.01), rssBytes: onServers(1e8) },
      { connections: 1_000, cores: onServers(0.015), rssBytes: onServers(1.1e8) },
    ],
    points: [
      pointOf(privately(100), 60),
      pointOf(privately(100), 90, { acknowledging: true, acknowledgementsEach: 2 }),
    ],
  },
  batches: {
    points: [pointOf({ kind: 'pairs', durable: true, window: 1, connections: 2 }, 300)],
  },
  groups: {
    points: [pointOf(inGroups(1, 10), 300), pointOf(inGroups(1, 1_000), 300 + 9_900)],
    join: stepOf(0),
  },
  sizes: {
    points: [
      pointOf(inGroups(100, 10), 200),
      pointOf(inGroups(1, 10), 600),
      pointOf(inGroups(100, 10), 200 + 20 * spread, { size: four }),
      pointOf(inGroups(1, 10), 600 + 50 * spread, { size: four }),
      pointOf(privately(100), 70, { size: { servers: 4, routes: 2 } }),
      pointOf(privately(2), 400, { size: { servers: 4, routes: 2 } }),
    ],
  },
};
