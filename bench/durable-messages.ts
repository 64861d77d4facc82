/**
 * Durable private messages, acknowledged: through one `cim dev` on a file, or through a cluster of
 * one route, one server, one Redis (`appendonly yes`) and one ZooKeeper, all on this machine.
 *
 *   node bench/durable-messages.ts --system dev|cluster [--rate N] [--connections 100]
 *     [--window 20] [--seconds 60] [--bytes 64] [--appendfsync everysec]
 *
 * Without `--rate` each connection keeps its window full: what the system can take. With it, so many
 * messages a second leave at their time whatever was answered, so that a stall is seen by all that
 * it delays. Each text begins with when it was due; the time until it is shown is measured from
 * then. `--rate 20` with one pair of connections is the latency of lone messages.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCim } from './cim-process.ts';
import { startCluster } from './cluster-processes.ts';
import { LoadClient } from './load-client.ts';
import type { MeasuredProcess } from './measured-process.ts';

const { values } = parseArgs({
  options: {
    system: { type: 'string', default: 'dev' },
    rate: { type: 'string' },
    connections: { type: 'string', default: '100' },
    window: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
    bytes: { type: 'string', default: '64' },
    appendfsync: { type: 'string', default: 'everysec' },
  },
});
const connections = Number(values.connections);
const window = Number(values.window);
const seconds = Number(values.seconds);
const padding = 'x'.repeat(Math.max(0, Number(values.bytes) - 16));
/** How often what is due by the rate is sent; at a high one the load must not take the processor. */
const paceMs = Number(values.rate) > 1_000 ? 5 : 1;

const folder = mkdtempSync(join(tmpdir(), 'cim-bench-'));
const { route, parts, stop } = await startSystem();
const firstUserId = 1_000_000;

let sent = 0;
let answered = 0;
/** By code: nothing is sent again, so one refusal leaves all that follow it out of order. */
const refused = new Map<number, number>();
let delivered = 0;
let running = true;
/** From when a message was due until it is shown, in microseconds. */
const shown = createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 });

const senders = await Promise.all(
  Array.from({ length: connections }, (_, index) =>
    openSender(firstUserId + index, firstUserId + (index ^ 1)),
  ),
);
const pace = values.rate === undefined ? undefined : sendAtRate(Number(values.rate));
if (!pace) for (const { send } of senders) send(window, performance.now());

await delay(3_000); // warm-up
shown.reset();
const from = {
  answered,
  delivered,
  cpu: parts.map(({ process }) => process.cpuSeconds()),
  own: process.cpuUsage(),
  at: performance.now(),
};
await delay(seconds * 1_000);
const elapsed = (performance.now() - from.at) / 1_000;
const acknowledged = answered - from.answered;
const count = delivered - from.delivered;
const cpu = parts.map(({ name, process }, index) => [
  name,
  microseconds(process.cpuSeconds() - (from.cpu[index] as number)),
]);
const own = process.cpuUsage(from.own);
const percentiles = [50, 99, 99.9].map((percentile) => [
  `p${percentile}Ms`,
  milliseconds(shown.percentile(percentile)),
]);
running = false;
clearInterval(pace);
const drainedBy = performance.now() + 20_000;
while ((answered < sent || delivered < sent) && performance.now() < drainedBy) await delay(50);

console.log(
  JSON.stringify({
    ...values,
    seconds: Number(elapsed.toFixed(1)),
    acknowledgedPerSecond: Math.round(acknowledged / elapsed),
    deliveredPerSecond: Math.round(count / elapsed),
    refused: Object.fromEntries(refused),
    unanswered: sent - answered,
    undelivered: sent - delivered,
    sendToShown: { ...Object.fromEntries(percentiles), maxMs: milliseconds(shown.max) },
    cpuMicrosecondsPerMessage: {
      ...Object.fromEntries(cpu),
      load: microseconds((own.user + own.system) / 1e6),
    },
  }),
);
for (const { client } of senders) client.close();
await stop();
rmSync(folder, { recursive: true, force: true });

function microseconds(cpuSeconds: number): number {
  return Number(((cpuSeconds * 1e6) / count).toFixed(2));
}

function milliseconds(value: number): number {
  return Number((value / 1_000).toFixed(2));
}

interface Part {
  readonly name: string;
  readonly process: MeasuredProcess;
}

async function startSystem() {
  if (values.system === 'cluster') return startCluster(folder, values.appendfsync);
  const dev = await startCim(['dev', '--data', folder]);
  const parts: Part[] = [{ name: 'dev', process: dev }];
  return { route: `http://${dev.addresses['route']}`, parts, stop: () => dev.stop() };
}

/** A client that sends to its partner; without a rate it keeps its window full. */
async function openSender(userId: number, partner: number) {
  // Refilled in halves: what an application with a backlog does, and what merging of writes is for.
  const half = Math.max(1, window >> 1);
  let sentHere = 0;
  let answeredHere = 0;
  const send = (amount: number, dueMs: number) => {
    const text = `${Math.round(dueMs * 1_000)}`.padStart(16, '0') + padding;
    client.sendRun(partner, sentHere + 1, amount, text);
    sentHere += amount;
    sent += amount;
  };
  const client = await LoadClient.open(route, userId, {
    onMessage: (frame) => {
      delivered += 1;
      const dueMs = Number(textOf(frame).slice(0, 16)) / 1_000;
      shown.record(Math.max(1, Math.round((performance.now() - dueMs) * 1_000)));
    },
    onAck: (code) => {
      if (code !== 0) refused.set(code, (refused.get(code) ?? 0) + 1);
      answered += 1;
      answeredHere += 1;
      if (!pace && running && sentHere - answeredHere <= window - half)
        send(half, performance.now());
    },
  });
  return { client, send };
}

/** The text is the first field of a message. */
function textOf(frame: Uint8Array): string {
  const lengthBytes = (frame[1] as number) < 128 ? 1 : 2;
  return Buffer.from(frame.buffer, frame.byteOffset + 1 + lengthBytes, 16).toString('latin1');
}

/** Sends what is due, in turns over the senders, however late this process is. */
function sendAtRate(perSecond: number): NodeJS.Timeout {
  const startedAt = performance.now();
  let due = 0;
  return setInterval(() => {
    const until = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond);
    while (due < until) {
      due += 1;
      senders[due % senders.length]?.send(1, startedAt + (due / perSecond) * 1_000);
    }
  }, paceMs);
}
