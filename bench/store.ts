/**
 * Appends per second of the embedded store: private messages between random pairs of 100 users,
 * each appended to the receiver's and the sender's timeline, by batch size, in memory and in a file.
 *
 *     node bench/store.ts [messages = 200000] [folder for the file = a temporary one]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits } from '../src/base/limits.ts';
import { Database, inMemory } from '../src/store/sqlite/database.ts';
import { SqliteStore } from '../src/store/sqlite/sqlite-store.ts';
import type { Append } from '../src/store/timelines.ts';
import { Appends, anybody } from './appends.ts';

const users = 100;
const [, , messagesArgument = '200000', parent = tmpdir()] = process.argv;

/** The two appends of each message, `perBatch` messages of `perRun` in a run at a time. */
function* batches(messages: number, perBatch: number, perRun: number): Generator<Append[]> {
  const appends = new Appends();
  for (let done = 0; done < messages; done += perBatch) {
    const runs = Array.from({ length: perBatch / perRun }, () =>
      appends.of(anybody(users), anybody(users), perRun),
    );
    yield runs.flat();
  }
}

async function measure(place: string, messages: number, perBatch: number, perRun: number) {
  const folder = place === inMemory ? inMemory : mkdtempSync(join(place, 'cim-bench-'));
  const store = new SqliteStore({
    database: Database.open(folder),
    retention: { messagesMax: limits.timelineMessagesMax, ageMs: limits.timelineAgeMs },
  });
  let wallMs = 0;
  let cpuUs = 0;
  let slowestMs = 0;
  for (const batch of batches(messages, perBatch, perRun)) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const results = await store.timelines.append(batch);
    const tookMs = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    wallMs += tookMs;
    cpuUs += user + system;
    slowestMs = Math.max(slowestMs, tookMs);
    if (results.some(({ status }) => status !== 'taken')) throw new Error('not taken');
  }
  await store.close();
  if (folder !== inMemory) rmSync(folder, { recursive: true });
  const perSecond = Math.round((messages / wallMs) * 1000);
  process.stdout.write(
    `${place === inMemory ? 'memory' : 'file  '} batch ${String(perBatch).padStart(3)} run ${perRun}: ` +
      `${String(perSecond).padStart(7)} messages/s, ${((wallMs * 1000) / messages).toFixed(1)} µs wall, ` +
      `${(cpuUs / messages).toFixed(1)} µs CPU per message, slowest batch ${slowestMs.toFixed(1)} ms\n`,
  );
}

const messages = Number(messagesArgument);
for (const place of [inMemory, parent]) {
  await measure(place, messages / 10, 1, 1);
  await measure(place, messages, 10, 1);
  await measure(place, messages, 100, 1);
  await measure(place, messages, 100, 5);
}
