/**
 * Memory of idle connections: RSS of `cim dev` with 100, half of, and all of so many clients that have logged in and then only send heartbeats.
 *
 *   node bench/idle-connections.ts [--connections 10000]
 *
 * Each time it is read twice: when the logins are done, and when V8 has given back what they left behind (bench/README.md says why). A run takes some minutes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCim } from './cim-process.ts';
import { LoadClient } from './load-client.ts';

const { values } = parseArgs({ options: { connections: { type: 'string', default: '10000' } } });
const connections = Number(values.connections);
/** The first ones warm up code and pools, which are no connection's. */
const warmUpConnections = 100;
const loginsAtATime = 16;
const heartbeatMs = 10_000;

interface Reading {
  readonly connections: number;
  readonly loginsPerSecond: number;
  readonly afterLoginsBytes: number;
  readonly settledBytes: number;
}

const system = await startCim(['dev', '--data', ':memory:']);
const route = `http://${system.addresses['route']}`;
const clients: LoadClient[] = [];
const heartbeat = beat();

const warm = await read(warmUpConnections);
const half = await read(connections / 2);
const all = await read(connections);
clearInterval(heartbeat);
for (const client of clients) client.close();
await system.stop();

console.log(
  JSON.stringify({
    bytesPerConnection: {
      settled: perConnection(warm, all, 'settledBytes'),
      settledSecondHalf: perConnection(half, all, 'settledBytes'),
      afterLogins: perConnection(warm, all, 'afterLoginsBytes'),
    },
  }),
);

function perConnection(
  from: Reading,
  to: Reading,
  field: 'settledBytes' | 'afterLoginsBytes',
): number {
  return Math.round((to[field] - from[field]) / (to.connections - from.connections));
}

/** Opens connections until there are so many, and takes a reading. */
async function read(count: number): Promise<Reading> {
  const added = count - clients.length;
  const startedAt = performance.now();
  await openUntil(count);
  const loginsPerSecond = Math.round((added * 1_000) / (performance.now() - startedAt));
  await delay(5_000);
  const afterLoginsBytes = system.rssBytes();
  const settledBytes = await settled();
  const reading = { connections: count, loginsPerSecond, afterLoginsBytes, settledBytes };
  console.log(JSON.stringify(reading));
  return reading;
}

async function openUntil(count: number): Promise<void> {
  let next = clients.length + 1;
  const worker = async () => {
    while (next <= count) {
      const userId = next;
      next += 1;
      clients.push(await LoadClient.open(route, userId, { onMessage() {}, onAck() {} }));
    }
  };
  await Promise.all(Array.from({ length: loginsAtATime }, worker));
}

/** RSS after it has fallen by a twentieth, or after five minutes: the median of the half minute that follows. */
async function settled(): Promise<number> {
  const deadline = performance.now() + 300_000;
  let highest = 0;
  while (performance.now() < deadline && system.rssBytes() > 0.95 * highest) {
    highest = Math.max(highest, system.rssBytes());
    await delay(1_000);
  }
  const samples: number[] = [];
  while (samples.length < 30) {
    await delay(1_000);
    samples.push(system.rssBytes());
  }
  return samples.sort((a, b) => a - b)[samples.length >> 1] as number;
}

/** Each client's heartbeat, evenly spread as those of strangers are. */
function beat(): NodeJS.Timeout {
  const ticksPerBeat = 1_000;
  let tick = 0;
  return setInterval(() => {
    for (let index = tick; index < clients.length; index += ticksPerBeat) clients[index]?.ping();
    tick = (tick + 1) % ticksPerBeat;
  }, heartbeatMs / ticksPerBeat);
}
