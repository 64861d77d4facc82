/**
 * Two people who chat, in a process of its own: what a test does meanwhile delays nothing of theirs.
 * Started by test/support/witness.ts:
 *
 *   node test/support/honest-chat.ts '{"routes":["http://127.0.0.1:8083"],"ids":[1,2]}'
 *
 * It prints `ready`. `chat COUNT` lets them write, in turns and at an even pace, whether or not what
 * was written before has arrived; when COUNT have, it prints `enough`, and they go on. `stop` ends
 * that: it prints a line of JSON when all have arrived.
 *
 * A machine with less processors than there is work lets everybody wait, whoever is attacked. So of each
 * message it is also told how long it took but for the time in which one of those on its way (itself, and
 * the processes that are attacked) was at work and had no processor: of the one that had to wait longest,
 * as they may have waited at the same moment. They seal nothing: other threads do that, whose waiting
 * would count as if those who are attacked had been slow.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setInterval as ticks } from 'node:timers/promises';
import { CimClient, type ClientEventName } from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { secretOf } from './secret-of.ts';

export interface ChatOrder {
  readonly routes: readonly string[];
  readonly ids: readonly [number, number];
  /** Processes that are attacked. */
  readonly pids: readonly number[];
}

export interface ChatReport {
  /** ms from writing to showing, of each message. */
  readonly latencies: readonly number[];
  /** The same without the time in which those who were at work had no processor. */
  readonly ownLatencies: readonly number[];
  /** What they were told that nobody should be. */
  readonly trouble: readonly string[];
}

/** 100 messages a second: a moment in which nobody is served is seen by some. */
const gapMs = 10;
const troubles: readonly ClientEventName[] = [
  ...(['offline', 'closed', 'warning', 'unreadable', 'gap', 'keyChanged'] as const),
];

const { routes, ids, pids } = JSON.parse(process.argv[2] ?? '') as ChatOrder;
const trouble: string[] = [];
const underWay = new Map<string, Moment>();
let latencies: number[] = [];
let ownLatencies: number[] = [];
let enough = 0;
let said = 0;
let whenIdle = () => {};

interface Moment {
  readonly at: number;
  /** ms that each process has waited for a processor until then. */
  readonly waited: readonly number[];
}

/** Linux counts it, in ns, for the thread that does the work. */
function now(): Moment {
  const waited = ['self', ...pids].map((pid) => {
    const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return Number(waitedNs) / 1e6;
  });
  return { at: performance.now(), waited };
}

const people = await Promise.all(
  ids.map(async (userId) => {
    const client = new CimClient({
      userId,
      userName: `honest-${userId}`,
      routes,
      platform: nodePlatform(),
      e2ee: 'off',
      credentials: { secret: secretOf(userId) },
    });
    for (const event of troubles)
      client.on(event, (told) => void trouble.push(`${event} ${JSON.stringify(told)}`));
    client.on('message', ({ from, text }) => {
      // What others say to everybody is not theirs.
      if (ids.includes(from)) arrived(text);
    });
    const ready = new Promise<void>((resolve) => {
      client.on('ready', () => resolve());
    });
    await client.start();
    await ready;
    return { client, userId };
  }),
);

function arrived(text: string): void {
  const written = underWay.get(text);
  if (written === undefined) return void trouble.push(`shown twice, or never written: ${text}`);
  underWay.delete(text);
  const arrived = now();
  const waits = arrived.waited.map((waitedMs, index) => waitedMs - (written.waited[index] ?? 0));
  latencies.push(arrived.at - written.at);
  ownLatencies.push(Math.max(0, arrived.at - written.at - Math.max(...waits)));
  if (latencies.length === enough) process.stdout.write('enough\n');
  if (underWay.size === 0) whenIdle();
}

async function chat(stopping: AbortSignal): Promise<void> {
  try {
    for await (const _ of ticks(gapMs, undefined, { signal: stopping })) write();
  } catch (error) {
    if (!stopping.aborted) throw error;
  }
}

function write(): void {
  said += 1;
  const [sender, receiver] = said % 2 === 0 ? people : [...people].reverse();
  const text = `honest message ${said}`;
  underWay.set(text, now());
  sender?.client
    .send({ to: receiver?.userId ?? 0 }, text)
    .catch((error: unknown) => void trouble.push(`${text} was refused: ${error}`));
}

// Both have written and read once before anything is measured.
const acquainted = new Promise<void>((resolve) => {
  whenIdle = resolve;
});
write();
write();
await acquainted;
process.stdout.write('ready\n');

let stop = new AbortController();
for await (const line of createInterface(process.stdin)) {
  if (line === 'stop') {
    stop.abort();
    if (underWay.size > 0)
      await new Promise<void>((resolve) => {
        whenIdle = resolve;
      });
    process.stdout.write(
      `${JSON.stringify({ latencies, ownLatencies, trouble } satisfies ChatReport)}\n`,
    );
  } else {
    latencies = [];
    ownLatencies = [];
    enough = Number(line.split(' ')[1]);
    stop = new AbortController();
    void chat(stop.signal);
  }
}
