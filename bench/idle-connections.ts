/**
 * Memory of idle connections: RSS of `cim dev` when it is ready, and after each of some steps by
 * which clients come; they log in and then only send heartbeats.
 *
 *   node bench/idle-connections.ts [--connections 10000] [--steps 2]
 *
 * After each step RSS is read twice: when the logins are done, and when V8 has given back what they
 * left behind (README.md says why). A run takes some minutes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCim } from './cim-process.ts';
import { LoadClient } from './load-client.ts';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    steps: { type: 'string', default: '2' },
  },
});
const connections = Number(values.connections);
const connectionsPerStep = connections / Number(values.steps);
const loginsAtATime = 16;
const heartbeatMs = 10_000;
/** How long to wait for V8. */
const settleMsMax = 300_000;

interface Reading {
  readonly connections: number;
  readonly loginsPerSecond: number;
  readonly afterLoginsBytes: number;
  readonly settledBytes: number;
}

const system = await startCim(['dev', '--data', ':memory:']);
const route = `http://${system.addresses['route']}`;
await delay(5_000);
const readyBytes = system.rssBytes();
console.log(JSON.stringify({ connections: 0, readyBytes }));

const clients: LoadClient[] = [];
const heartbeat = beat();
let before = readyBytes;
while (clients.length < connections) {
  const reading = await readAt(clients.length + connectionsPerStep);
  console.log(
    JSON.stringify({
      ...reading,
      // All that has come to the process since it was ready, over all connections; and what this
      // step has added, over its own.
      afterLoginsPerConnection: perConnection(reading.afterLoginsBytes - readyBytes),
      settledPerConnection: perConnection(reading.settledBytes - readyBytes),
      settledPerConnectionOfStep: Math.round((reading.settledBytes - before) / connectionsPerStep),
    }),
  );
  before = reading.settledBytes;
}
clearInterval(heartbeat);
for (const client of clients) client.close();
await system.stop();

function perConnection(bytes: number): number {
  return Math.round(bytes / clients.length);
}

/** Opens connections until there are so many, and takes a reading. */
async function readAt(count: number): Promise<Reading> {
  const added = count - clients.length;
  const startedAt = performance.now();
  await openUntil(count);
  const loginsPerSecond = Math.round((added * 1_000) / (performance.now() - startedAt));
  await delay(5_000);
  const afterLoginsBytes = system.rssBytes();
  const settledBytes = await settled();
  return { connections: count, loginsPerSecond, afterLoginsBytes, settledBytes };
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

/** RSS once it has fallen by a twentieth, or at the deadline: the median of half a minute. */
async function settled(): Promise<number> {
  const deadline = performance.now() + settleMsMax;
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
