/**
 * What an append costs Redis: CPU of its main thread per append, for private messages between random
 * pairs of users who each have a session, appended to the receiver's and the sender's timeline. Each
 * conversation goes on in one source. Redis is started for it, and nothing is written to the disk.
 *
 *     node bench/store-redis.ts [rounds = 10] [users = 1000] [conversations of each = 5]
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { limits } from '../src/base/limits.ts';
import { createLogger } from '../src/base/log.ts';
import { acceptsConnections, askPort, freePort } from '../src/processes/local-ports.ts';
import { LocalProcess } from '../src/processes/local-process.ts';
import type { RedisStore as RedisStoreType } from '../src/store/redis/redis-store.ts';
import { type Append, userTimeline } from '../src/store/timelines.ts';
import { Appends, anybody, median } from './appends.ts';

// Scripts are texts, as in the executable.
registerHooks({
  load: (url, context, next) => {
    if (!url.endsWith('.lua')) return next(url, context);
    const text = JSON.stringify(readFileSync(fileURLToPath(url), 'utf8'));
    return { format: 'module', shortCircuit: true, source: `export default ${text}` };
  },
});
const { RedisStore } = await import('../src/store/redis/redis-store.ts');

const [, , roundsArgument = '10', usersArgument = '1000', peersArgument = '5'] = process.argv;
const [rounds, users, peers] = [roundsArgument, usersArgument, peersArgument].map(Number) as [
  number,
  number,
  number,
];
const appendsPerRound = 20_000;
const appends = new Appends();

/** `perBatch` appends: pairs of a message and its own copy. */
function batchOf(perBatch: number): Append[] {
  const pairs = Array.from({ length: perBatch / 2 }, () => {
    const from = anybody(users);
    return appends.of(from, 1 + ((from + anybody(peers) - 1) % users));
  });
  return pairs.flat();
}

/** Microseconds of CPU that the main thread of Redis has used. */
async function usedMicros(port: number): Promise<number> {
  const answer = await askPort(port, 'INFO cpu\r\nQUIT\r\n');
  const seconds = (kind: string) =>
    Number(new RegExp(`used_cpu_${kind}_main_thread:([\\d.]+)`).exec(answer)?.[1]);
  return (seconds('user') + seconds('sys')) * 1e6;
}

/** What everybody has been sent is acknowledged, as it is while all are online. */
async function acknowledgeAll(store: RedisStoreType): Promise<void> {
  const ids = Array.from({ length: users }, (_, index) => index + 1);
  const heads = await store.timelines.heads(ids.map(userTimeline));
  await store.sessions.acknowledge(
    ids.map((userId, index) => ({ userId, device: 'phone', seq: heads[index] as number })),
  );
}

const port = await freePort();
const args = ['--port', `${port}`, '--save', '', '--appendonly', 'no'];
const redis = await LocalProcess.start({ name: 'Redis', command: 'redis-server', args }, () =>
  acceptsConnections(port),
);
try {
  const store = await RedisStore.open({
    url: `127.0.0.1:${port}`,
    prefix: 'cim',
    retention: { messagesMax: limits.timelineMessagesMax, ageMs: limits.timelineAgeMs },
    ackReplicas: 0,
    log: createLogger('bench', 'silent'),
  });
  // Redis may still be starting.
  while ((await store.problem()) !== null) await pause(20);
  await store.sessions.open(
    Array.from({ length: users }, (_, index) => ({
      userId: index + 1,
      device: 'phone',
      connectionNumber: 1,
      instance: 'instance',
      address: '10.0.0.1:9000:8081',
      sessionId: index + 1,
      ephemeral: false,
      generation: 0,
    })),
  );
  for (const perBatch of [100, 10]) {
    const costs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const batches = Array.from({ length: appendsPerRound / perBatch }, () => batchOf(perBatch));
      const before = await usedMicros(port);
      for (const batch of batches) {
        const results = await store.timelines.append(batch);
        if (results.some(({ status }) => status !== 'taken')) throw new Error('not taken');
      }
      costs.push(((await usedMicros(port)) - before) / appendsPerRound);
      await acknowledgeAll(store);
    }
    const [best, middle] = [Math.min(...costs), median(costs)].map((cost) => cost.toFixed(2));
    process.stdout.write(
      `batches of ${perBatch}: ${middle} µs of Redis per append, best round ${best}\n`,
    );
  }
  await store.close();
} finally {
  await redis.kill();
}
