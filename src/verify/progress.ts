/**
 * What a run looks like while it lasts, on stderr: a bar on a terminal, a line now and then
 * elsewhere, nothing for programs.
 */
import type { Clock } from '../base/clock.ts';
import { createProgress } from '../load/progress.ts';

/** Asked for whenever it is shown. */
export interface Status {
  readonly elapsedMs: number;
  readonly sent: number;
  readonly stored: number;
  readonly shown: number;
  /** How far the run has come. */
  readonly phase: string;
  /** What is wrong at the moment, if anything is. */
  readonly wrong: string;
}

export interface ProgressOptions {
  readonly kind: 'bar' | 'lines' | 'none';
  readonly durationMs: number;
  readonly stream: NodeJS.WritableStream;
  readonly clock: Clock;
  readonly status: () => Status;
}

const barMs = 250;
/** A line comes after this time, or with a new phase. */
const lineMs = 10_000;
const lookMs = 100;

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
  const progress = createProgress('bar', stream);
  progress.phase('', durationMs);
  const show = (): void => {
    const { elapsedMs, sent, stored, shown, phase, wrong } = status();
    const doneMs = Math.min(elapsedMs, durationMs);
    const left = `${formatTime(durationMs - doneMs)} left`;
    const counts = `sent ${sent} stored ${stored} shown ${shown}`;
    progress.update(doneMs, `${left} | ${counts} | ${wrong || phase}`);
  };
  show();
  const timer = clock.setInterval(show, barMs);
  return () => {
    timer.cancel();
    progress.end();
  };
}

function startLines({ durationMs, stream, clock, status }: ProgressOptions): () => void {
  let toldAtMs = -Infinity;
  let toldPhase = '';
  const timer = clock.setInterval(() => {
    const { elapsedMs, sent, stored, shown, phase, wrong } = status();
    if (phase === toldPhase && clock.monotonic() - toldAtMs < lineMs) return;
    toldAtMs = clock.monotonic();
    toldPhase = phase;
    const time = `${formatTime(Math.min(elapsedMs, durationMs))} of ${formatTime(durationMs)}`;
    const counts = `sent ${sent}, stored ${stored}, shown ${shown}`;
    stream.write(`${time}: ${counts}; ${wrong || phase}\n`);
  }, lookMs);
  return () => timer.cancel();
}

function formatTime(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
