/** Which rows are run on which systems, in what order, and how long that is going to take. Pure. */
import type { Row } from './rows.ts';
import type { SystemName } from './systems.ts';

export interface Step {
  readonly row: Row;
  readonly system: SystemName;
}

export interface Choice {
  /** Names of rows, and of systems; all if absent. */
  readonly only: readonly string[] | undefined;
  readonly systems: readonly string[] | undefined;
  /**
   * How long each is measured, for a quick look. It is warmed up for as long as ever: until then what
   * is measured is how fast a system compiles itself.
   */
  readonly seconds: number | undefined;
}

/** Throws when there is no such row or system, or nothing to do. */
export function planOf(rows: readonly Row[], { only, systems, seconds }: Choice): readonly Step[] {
  assertKnown('row', only, new Set(rows.map(({ name }) => name)));
  assertKnown('system', systems, new Set(rows.flatMap((row) => row.systems)));
  const steps = rows
    .filter(({ name }) => !only || only.includes(name))
    .map((row) => (seconds === undefined ? row : { ...row, measureMs: 1_000 * seconds }))
    .flatMap((row) => row.systems.map((system) => ({ row, system })))
    .filter(({ system }) => !systems || systems.includes(system));
  if (steps.length === 0) throw new Error('none of these rows is run on any of these systems');
  return steps;
}

function assertKnown(
  kind: string,
  wanted: readonly string[] | undefined,
  known: ReadonlySet<string>,
): void {
  for (const name of wanted ?? [])
    if (!known.has(name))
      throw new Error(`there is no ${kind} ${name}; there are ${[...known].join(', ')}`);
}

/** To start a system, to see it settle, and to stop it. */
const besideMs = 3_000;
/** To open a connection, with its login. */
const openMs = 1;

/** How long it takes, by what is known before any has run. */
function expectedMs({ row }: Step): number {
  return row.warmUpMs + row.measureMs + besideMs + openMs * row.connections;
}

/** How far a run is: it corrects its expectation by what the steps so far have taken. */
export class Forecast {
  readonly #steps: readonly Step[];
  #done = 0;
  #takenMs = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** The next step is done, and has taken so long. */
  stepTook(ms: number): void {
    this.#done += 1;
    this.#takenMs += ms;
  }

  /** With so much of the present step passed; not below 0 when that takes longer than expected. */
  leftMs(passedMs: number): number {
    const [done, left] = [this.#steps.slice(0, this.#done), this.#steps.slice(this.#done)];
    const expectedDoneMs = sumOf(done.map(expectedMs));
    const scale = expectedDoneMs === 0 ? 1 : this.#takenMs / expectedDoneMs;
    const [present = 0, ...later] = left.map((step) => scale * expectedMs(step));
    return Math.max(0, present - passedMs) + sumOf(later);
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
