/**
 * Memory of idle connections: RSS of `cim dev` before and after so many clients have logged in and gone quiet.
 *
 *   node bench/idle-connections.ts [--connections 10000]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCim } from './cim-process.ts';
import { LoadClient } from './load-client.ts';

const { values } = parseArgs({ options: { connections: { type: 'string', default: '10000' } } });
const connections = Number(values.connections);
const concurrency = 50;

const system = await startCim(['dev', '--data', ':memory:']);
const route = `http://${system.addresses['route']}`;
const quiet = { onMessage() {}, onAck() {} };
// The first hundred warm up code and pools, which are no connection's.
const clients = await openMany(1, 100);
await delay(2_000);
const before = system.rssBytes();
const startedAt = performance.now();
clients.push(...(await openMany(101, 100 + connections)));
const loginSeconds = (performance.now() - startedAt) / 1_000;
const heartbeat = setInterval(() => {
  for (const client of clients) client.ping();
}, 10_000);
await delay(25_000);
const after = system.rssBytes();
clearInterval(heartbeat);
console.log(
  JSON.stringify({
    connections,
    loginsPerSecond: Math.round(connections / loginSeconds),
    rssBeforeMegabytes: Math.round(before / 1e6),
    rssAfterMegabytes: Math.round(after / 1e6),
    bytesPerConnection: Math.round((after - before) / connections),
  }),
);
for (const client of clients) client.close();
await system.stop();

async function openMany(first: number, last: number): Promise<LoadClient[]> {
  const opened: LoadClient[] = [];
  let next = first;
  const worker = async () => {
    while (next <= last) {
      const userId = next;
      next += 1;
      opened.push(await LoadClient.open(route, userId, quiet));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return opened;
}
