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

export function formatVerdicts(verdicts: readonly Verdict[]): string {
  const short = verdicts.filter(({ isReached }) => !isReached);
  const lines = short.map(({ what, ratio, bound, isLeast }) => {
    const wanted = `${isLeast ? 'at least' : 'at most'} ${bound}`;
    return `  ${what}: ${ratio.toFixed(2)}, ${wanted} is wanted`;
  });
  const reached = `${verdicts.length - short.length} of ${verdicts.length} targets are reached`;
  return [`\n${reached}${short.length === 0 ? '' : '; not these:'}`, ...lines].join('\n');
}

function pad(text: string, width: number, isLeft: boolean): string {
  return isLeft ? text.padEnd(width) : text.padStart(width);
}
