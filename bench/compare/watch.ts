/** Tells who watches a terminal what is being measured, and how long all of it still takes. */
import { createProgress } from '../../src/load/progress.ts';
import { Forecast, type Step } from './plan.ts';

const redrawMs = 500;

export class Watch {
  readonly #steps: readonly Step[];
  readonly #forecast: Forecast;
  /** Others read in the table itself how far it is. */
  readonly #progress = createProgress(process.stderr.isTTY ? 'bar' : 'none', process.stderr);
  #passedMs = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.#forecast = new Forecast(steps);
  }

  /** Nothing else may be printed meanwhile. */
  async during<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const name = nameOf(this.#steps, step);
    const done = () => this.#passedMs + performance.now() - startMs;
    const left = () => this.#forecast.leftMs(performance.now() - startMs);
    this.#progress.phase(name, done() + left(), done());
    // A phase each time: what is expected in all has changed.
    const redraw = () => this.#progress.update(done(), `${formatLeft(left())} left`);
    redraw();
    const redrawing = setInterval(redraw, redrawMs);
    try {
      return await work();
    } finally {
      clearInterval(redrawing);
      this.#progress.end();
      const tookMs = performance.now() - startMs;
      this.#passedMs += tookMs;
      this.#forecast.stepTook(tookMs);
    }
  }
}

/** `transient-10 (row 2 of 18) on nats (3 of 7)`. */
function nameOf(steps: readonly Step[], { row, system }: Step): string {
  const rows = [...new Set(steps.map((each) => each.row))];
  const systems = steps.filter((each) => each.row === row).map((each) => each.system);
  const place = `row ${rows.indexOf(row) + 1} of ${rows.length}`;
  return `${row.name} (${place}) on ${system} (${systems.indexOf(system) + 1} of ${systems.length})`;
}

function formatLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
