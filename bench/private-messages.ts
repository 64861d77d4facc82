/**
 * Private messages through one `cim dev` on loopback: pairs of connections, each sending to the
 * other with a window of unacknowledged messages.
 *
 *   node bench/private-messages.ts [--connections 100] [--window 20] [--seconds 10] [--bytes 64]
 *     [--data :memory:]
 *
 * The load generator is this process, the system another: two cores are used, and both count.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCim } from './cim-process.ts';
import { LoadClient } from './load-client.ts';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '100' },
    window: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '10' },
    data: { type: 'string', default: ':memory:' },
    bytes: { type: 'string', default: '64' },
  },
});
const connections = Number(values.connections);
const window = Number(values.window);
const seconds = Number(values.seconds);
const text = 'x'.repeat(Number(values.bytes));

const system = await startCim(['dev', '--data', values.data]);
const route = `http://${system.addresses['route']}`;
const firstUserId = 1_000_000;

let sent = 0;
let answered = 0;
let refused = 0;
let delivered = 0;
let running = true;

const clients: LoadClient[] = [];
const begins: (() => void)[] = [];
for (let index = 0; index < connections; index++) {
  const { client, begin } = await openSender(firstUserId + index, firstUserId + (index ^ 1));
  clients.push(client);
  begins.push(begin);
}
for (const begin of begins) begin();

await delay(2_000); // warm-up
const from = {
  delivered,
  cpu: system.cpuSeconds(),
  own: process.cpuUsage(),
  at: performance.now(),
};
await delay(seconds * 1_000);
const elapsed = (performance.now() - from.at) / 1_000;
const count = delivered - from.delivered;
const systemCpu = system.cpuSeconds() - from.cpu;
const own = process.cpuUsage(from.own);
running = false;
const drainedBy = performance.now() + 10_000;
while ((answered < sent || delivered < sent) && performance.now() < drainedBy) await delay(50);

console.log(
  JSON.stringify({
    connections,
    window,
    textBytes: text.length,
    data: values.data,
    seconds: Number(elapsed.toFixed(1)),
    deliveredPerSecond: Math.round(count / elapsed),
    refused,
    unanswered: sent - answered,
    undelivered: sent - delivered,
    systemCpuMicrosecondsPerMessage: Number(((systemCpu * 1e6) / count).toFixed(2)),
    loadCpuMicrosecondsPerMessage: Number(((own.user + own.system) / count).toFixed(2)),
    systemRssMegabytes: Math.round(system.rssBytes() / 1e6),
  }),
);
for (const client of clients) client.close();
await system.stop();

/** A client that, once begun, keeps a window of messages to its partner unanswered. */
async function openSender(userId: number, partner: number) {
  // Refilled in halves: what an application with a backlog does, and what merging of writes is for.
  const half = Math.max(1, window >> 1);
  let sentHere = 0;
  let answeredHere = 0;
  const send = (count: number) => {
    client.sendRun(partner, sentHere + 1, count, text);
    sentHere += count;
    sent += count;
  };
  const client = await LoadClient.open(route, userId, {
    onMessage: () => {
      delivered += 1;
    },
    onAck: (code) => {
      if (code !== 0) refused += 1;
      answered += 1;
      answeredHere += 1;
      if (running && sentHere - answeredHere <= window - half) send(half);
    },
  });
  return { client, begin: () => send(window) };
}
