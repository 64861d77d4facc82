/**
 * What a run looks like while it lasts, on stderr: a bar on a terminal, a line now and then
 * elsewhere, nothing for programs.
 */
import { Presets, SingleBar } from 'cli-progress';
import type { Clock } from '../base/clock.ts';

/** Asked for whenever it is shown. */
export interface Status {
  readonly elapsedMs: number;
  readonly sent: number;
  readonly stored: number;
  readonly shown: number;
  /** What is going on: a fault, the end. */
  readonly activity: string;
}

export interface ProgressOptions {
  readonly kind: 'bar' | 'lines' | 'none';
  readonly durationMs: number;
  readonly stream: NodeJS.WritableStream;
  readonly clock: Clock;
  readonly status: () => Status;
}

const barMs = 250;
const lineMs = 10_000;

/** Returns how to end it. */
export function startProgress(options: ProgressOptions): () => void {
  switch (options.kind) {
    case 'bar':
      return startBar(options);
    case 'lines':
      return startLines(options);
    case 'none':
      return () => {};
  }
}

function startBar({ durationMs, stream, clock, status }: ProgressOptions): () => void {
  const bar = new SingleBar(
    {
      stream,
      format:
        '{bar} {percentage}% {left} left | sent {sent} stored {stored} shown {shown} | {activity}',
      barsize: 20,
      // Whoever runs this ends it on a signal, and the run with it.
      gracefulExit: false,
      clearOnComplete: true,
      hideCursor: false,
    },
    Presets.shades_classic,
  );
  const now = () => {
    const { elapsedMs, ...rest } = status();
    const doneMs = Math.min(elapsedMs, durationMs);
    return { doneMs, rest: { ...rest, left: formatTime(durationMs - doneMs) } };
  };
  bar.start(durationMs, 0, now().rest);
  const timer = clock.setInterval(() => {
    const { doneMs, rest } = now();
    bar.update(doneMs, rest);
  }, barMs);
  return () => {
    timer.cancel();
    bar.stop();
  };
}

function startLines({ durationMs, stream, clock, status }: ProgressOptions): () => void {
  const tell = () => {
    const { elapsedMs, sent, stored, shown, activity } = status();
    const time = `${formatTime(Math.min(elapsedMs, durationMs))} of ${formatTime(durationMs)}`;
    stream.write(`${time}: sent ${sent}, stored ${stored}, shown ${shown}; ${activity}\n`);
  };
  tell();
  const timer = clock.setInterval(tell, lineMs);
  return () => timer.cancel();
}

function formatTime(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
