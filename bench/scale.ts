/**
 * How the cost of a message grows: with connections, with servers and routes, with the members of a
 * group, and with how much is on its way; and what a login costs. Everything on this machine, so
 * what is measured is processor time per message, not throughput.
 *
 *   node bench/scale.ts [--only PART[,PART]] [--json FILE] [--write]
 *     [--system-core 0] [--load-core 1]
 *
 * Parts: connections, batches, groups, sizes. What is measured goes to the JSON file; parts that are
 * not measured stay in it as they were (`--only none`: all). `--write` makes bench/scale.md of it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { exitCodes } from '../src/base/exit-codes.ts';
import { type Point, partNames, sumOf } from './scale/figures.ts';
import { describeWork, formatPage } from './scale/page.ts';
import { connectionsMax, parts, type Results, type Run } from './scale/parts.ts';
import { coreOptions, coresOf, runUnlessObstructed } from './script.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'string', default: 'bench/last-scale.json' },
    write: { type: 'boolean', default: false },
    ...coreOptions,
  },
});
const cores = coresOf(values);

process.exitCode = await scale();

async function scale(): Promise<number> {
  const names = values.only?.split(',').filter((name) => name !== 'none') ?? Object.keys(parts);
  const unknown = names.filter((name) => !(name in parts));
  if (unknown.length > 0) {
    console.error(
      `no such part: ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`,
    );
    return exitCodes.usage;
  }
  const chosen = names as (keyof Results)[];
  const work = chosen.map((name) => ({ name, connections: connectionsMax[name] }));
  return runUnlessObstructed(work, cores, async (ending) => {
    try {
      await measureAll(chosen, ending);
    } catch (error) {
      if (!ending.aborted) throw error;
      console.error('ended before all was measured');
      return exitCodes.failure;
    }
    return values.write ? writePage() : exitCodes.ok;
  });
}

/** What each part has measured is in the file when the next one begins. */
async function measureAll(names: readonly (keyof Results)[], signal: AbortSignal): Promise<void> {
  const run: Run = { cores, signal, report: (point) => console.log(formatPoint(point)) };
  for (const name of names) {
    console.log(`\n${name}`);
    const measured = await parts[name](run);
    writeFileSync(values.json, JSON.stringify({ ...readResults(), [name]: measured }, null, 1));
  }
}

function readResults(): Partial<Results> {
  return existsSync(values.json) ? JSON.parse(readFileSync(values.json, 'utf8')) : {};
}

function writePage(): number {
  const results = readResults();
  const absent = Object.keys(parts).filter((name) => !(name in results));
  if (absent.length > 0) {
    console.error(`no page yet: ${absent.join(', ')} was never measured`);
    return exitCodes.failure;
  }
  writeFileSync('bench/scale.md', formatPage(results as Results, describeMachine()));
  return exitCodes.ok;
}

function describeMachine(): string {
  const [{ model } = { model: 'unknown' }] = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `A machine with ${availableParallelism()} cores (${model}) and ${memory} GiB, Node.js ${process.versions.node}`;
}

function formatPoint(point: Point): string {
  const { size, connections, cpuUsEach, sentPerSecond, perScriptCall, missing } = point;
  const cpu = partNames.map((part) => `${part} ${cpuUsEach[part].toFixed(2)}`).join(', ');
  return [
    `${size.servers}×${size.routes}, ${connections} connections, ${describeWork(point)}:`,
    `${sumOf(cpuUsEach).toFixed(2)} µs each (${cpu}), ${sentPerSecond.toFixed(0)}/s,`,
    `${perScriptCall.toFixed(1)} per script call, p50 ${point.p50Ms.toFixed(2)} ms`,
    ...(missing === 0 ? [] : [`(${missing} did not arrive)`]),
  ].join(' ');
}
