/**
 * What it costs to find who has subscribed to a topic, among many filters; the median of rounds, and the
 * lowest and highest, in µs.
 *
 *   node bench/topics.ts [--filters 100000] [--rounds 11]
 *
 * Filters are those of devices: 60 % name one value of one device, 20 % all of one device (`#`), 10 % one
 * value of all devices of a site (`+`), 10 % one value of all sites and devices, so they begin with a
 * wildcard. `wildcards` are 10 000 filters of which each begins with `+`, and no two are equal.
 */
import { parseArgs } from 'node:util';
import { TopicMatcher } from '../src/base/topics/topic-matcher.ts';
import { median } from './appends.ts';

const { values } = parseArgs({
  options: {
    filters: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '11' },
  },
});
const filterCount = Number(values.filters);
const rounds = Number(values.rounds);
const topicsPerRound = 20_000;
const sites = 100;
let matches = 0;

const topics = Array.from({ length: topicsPerRound }, (_, index) => {
  const device = (index * 7919) % filterCount;
  return `plant/site${device % sites}/device${device}/value${device % 97}`;
});

console.log(JSON.stringify({ filters: filterCount, ...measure(filterOfDevice, filterCount) }));
console.log(JSON.stringify({ wildcards: 10_000, ...measure(wildFilter, 10_000) }));

function filterOfDevice(device: number): string {
  const site = `site${device % sites}`;
  const value = `value${device % 97}`;
  const kind = device % 10;
  if (kind < 6) return `plant/${site}/device${device}/${value}`;
  if (kind < 8) return `plant/${site}/device${device}/#`;
  return kind === 8 ? `plant/${site}/+/${value}x${device}` : `+/+/+/${value}x${device}`;
}

function wildFilter(device: number): string {
  return `+/site${device % sites}/device${device}/#`;
}

function measure(filterOf: (device: number) => string, count: number) {
  const before = heapBytes();
  const matcher = new TopicMatcher<number>();
  for (let device = 0; device < count; device += 1) matcher.add(filterOf(device), device);
  const bytesPerFilter = Math.round((heapBytes() - before) / count);
  const all = Array.from({ length: rounds + 1 }, () => roundMicros(matcher)).slice(1);
  const figures = { micros: median(all), lowest: Math.min(...all), highest: Math.max(...all) };
  return { ...rounded(figures), bytesPerFilter };
}

function roundMicros(matcher: TopicMatcher<number>): number {
  const startedAt = performance.now();
  for (const topic of topics)
    matcher.match(topic, () => {
      matches += 1;
    });
  return ((performance.now() - startedAt) * 1_000) / topics.length;
}

function rounded(figures: Readonly<Record<string, number>>) {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(2))]),
  );
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

if (matches === 0) throw new Error('no filter has matched');
