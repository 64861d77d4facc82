/**
 * What the process as a whole takes, told by each of its ports alike: processor time, memory, open
 * files, garbage collections, and how late its event loop is, which is what everything else waits for.
 */
import { readdirSync } from 'node:fs';
import { countDroppedLines } from '../log.ts';
import { Counters } from './counters.ts';
import { countCollections } from './garbage-collections.ts';
import { version } from './version.ts';

export interface ProcessMetrics {
  readonly counters: Counters;
  stop(): void;
}

/** How often it is looked how late the event loop is: each look costs some µs. */
const delayPeriodMs = 50;

/** Measures from now on. */
export function measureProcess(): ProcessMetrics {
  const counters = new Counters();
  const stopCollections = countCollections(counters);
  countDroppedLines(counters);
  const stopDelay = measureDelay(counters);
  const started = Date.now() / 1_000 - process.uptime();
  const { node } = process.versions;
  counters.gauge('build.info', 'always 1; which build it is', () => 1, { version, node });
  counters.gauge('process_start_time_seconds', 'when it was started, since 1970', () => started);
  counters.gauge('process_resident_memory_bytes', 'memory that it holds', () =>
    process.memoryUsage.rss(),
  );
  counters.total('process_cpu_seconds', 'processor time of all its threads', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000_000;
  });
  counters.gauge('process_open_fds', 'files, sockets and pipes that are open', countOpenFiles);
  return {
    counters,
    stop() {
      stopCollections();
      stopDelay();
    },
  };
}

/** Whoever waits for the event loop waits as long as this timer does. */
function measureDelay(counters: Counters): () => void {
  const bounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
  const delays = counters.histogram('event-loop.delay-seconds', 'how late a timer was', bounds);
  let due = performance.now() + delayPeriodMs;
  const timer = setInterval(() => {
    const now = performance.now();
    delays.observe((now - due) / 1_000);
    due = now + delayPeriodMs;
  }, delayPeriodMs).unref();
  return () => clearInterval(timer);
}

/** Where that cannot be asked: not a number. */
function countOpenFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return Number.NaN;
  }
}
