/** How figures look on a terminal. */
import type { Failure, Figures } from './measure.ts';
import type { Row } from './rows.ts';
import type { Verdict } from './targets.ts';

const columns = [
  ['system', 12],
  ['CPU µs/msg', 11],
  ['msg/s', 10],
  ['p50 ms', 9],
  ['p99 ms', 9],
  ['RSS/conn', 9],
  ['load µs', 8],
  ['busy', 5],
] as const;

export function heading({ name, title, bytes, durable }: Row): string {
  const kind = durable ? 'stored and acknowledged' : 'to whoever is connected';
  const names = columns.map(([text, width], index) => pad(text, width, index === 0)).join(' ');
  return `\n${name}: ${title}; ${bytes} B, ${kind}\n${names}`;
}

export function formatLine(result: Figures | Failure): string {
  if ('failure' in result) return `${pad(result.system, 12, true)} failed: ${result.failure}`;
  const cells = [
    result.system,
    result.cpuUsPerMessage.toFixed(2),
    result.messagesPerSecond.toFixed(0),
    result.p50Ms.toFixed(2),
    result.p99Ms.toFixed(2),
    `${(result.rssPerConnection / 1_000).toFixed(1)} K`,
    result.loadCpuUsPerMessage.toFixed(2),
    `${(100 * result.systemBusy).toFixed(0)}%`,
  ];
  const line = cells.map((cell, index) => pad(cell, columns[index]?.[1] ?? 0, index === 0));
  const missing = result.missing === 0 ? '' : ` (${result.missing} did not arrive)`;
  return `${line.join(' ')}${missing}`;
}

/** Where nothing but memory is measured: how calm it was. */
export function formatCollections(results: readonly (Figures | Failure)[]): string {
  const lines = results.flatMap((result) => {
    if ('failure' in result || result.collections === undefined) return [];
    const { count, totalMs, longestMs, heapBytes } = result.collections;
    const pauses = `${count} garbage collections, ${(totalMs / 1_000).toFixed(2)} s in all`;
    const heap = `${(heapBytes / 1e6).toFixed(0)} MB of objects after the last`;
    return `  ${result.system}: ${pauses}, the longest ${longestMs.toFixed(1)} ms; ${heap}\n`;
  });
  return lines.join('');
}

/** cim's processor time for a message, to that of each other. */
export function formatRatios(results: readonly (Figures | Failure)[]): string {
  const figures = results.filter((result): result is Figures => !('failure' in result));
  const lines = figures
    .filter(({ system, cpuUsPerMessage }) => system.startsWith('cim') && cpuUsPerMessage > 0)
    .map((ours) => {
      const others = figures
        .filter(({ system }) => !system.startsWith('cim'))
        .map(
          (other) => `${other.system} ${(ours.cpuUsPerMessage / other.cpuUsPerMessage).toFixed(2)}`,
        );
      return others.length === 0
        ? ''
        : `  CPU per message, ${ours.system} to ${others.join(', ')}\n`;
    });
  return lines.join('');
}

export interface Outcome {
  readonly verdicts: readonly Verdict[];
  readonly failures: readonly Failure[];
  /** Measurements that were not begun, or not ended, because it was told to end. */
  readonly leftOut: number;
}

/** What was reached, what was not, and what was not run: the end of a comparison. */
export function formatOutcome({ verdicts, failures, leftOut }: Outcome): string {
  const short = verdicts.filter(({ isReached }) => !isReached);
  const lines = [''];
  if (verdicts.length > 0) {
    const reached = `${verdicts.length - short.length} of ${verdicts.length} targets are reached`;
    lines.push(`${reached}${short.length === 0 ? '' : '; not these:'}`);
  }
  for (const verdict of short) lines.push(`  ${formatVerdict(verdict)}`);
  const unaimed = verdicts.filter(({ isReached, ratio, aim = ratio }) => isReached && ratio > aim);
  if (unaimed.length > 0) lines.push('reached, but not what is aimed at:');
  for (const verdict of unaimed) lines.push(`  ${formatVerdict(verdict)}`);
  if (failures.length > 0) lines.push('not run, and in no target:');
  for (const { row, system, failure } of failures) lines.push(`  ${row} on ${system}: ${failure}`);
  if (leftOut > 0) lines.push(`told to end before all was measured; left out: ${leftOut}`);
  return lines.join('\n');
}

function formatVerdict({ what, ratio, bound, isLeast, aim }: Verdict): string {
  const aimed = aim === undefined ? '' : `, ${aim} aimed at`;
  return `${what}: ${ratio.toFixed(2)}, ${isLeast ? 'at least' : 'at most'} ${bound} is wanted${aimed}`;
}

function pad(text: string, width: number, isLeft: boolean): string {
  return isLeft ? text.padEnd(width) : text.padStart(width);
}
