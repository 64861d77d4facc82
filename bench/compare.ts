/**
 * cim beside the systems that people reach for, on this machine: each is started alone, on one core,
 * and given the same work by the same load generator on the other.
 *
 *   node bench/compare.ts [--only ROW[,ROW]] [--systems NAME[,NAME]] [--seconds N] [--json FILE]
 *     [--system-core 0] [--load-core 1]
 *
 * A Ctrl-C or SIGTERM ends it with what was measured until then. Exit code 1: something that was to
 * be run was not.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { exitCodes } from '../src/base/exit-codes.ts';
import { type Failure, type Figures, measure } from './compare/measure.ts';
import { planOf, type Step } from './compare/plan.ts';
import { rows } from './compare/rows.ts';
import { type System, systems } from './compare/systems.ts';
import {
  formatCollections,
  formatLine,
  formatOutcome,
  formatRatios,
  heading,
} from './compare/table.ts';
import { judge } from './compare/targets.ts';
import { Watch } from './compare/watch.ts';
import { coreOptions, coresOf, runUnlessObstructed } from './script.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    systems: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'string' },
    ...coreOptions,
  },
});
const cores = coresOf(values);
const choice = {
  only: values.only?.split(','),
  systems: values.systems?.split(','),
  seconds: values.seconds === undefined ? undefined : Number(values.seconds),
};

process.exitCode = await compare();

async function compare(): Promise<number> {
  let steps: readonly Step[];
  try {
    steps = planOf(rows, choice);
  } catch (error) {
    console.error((error as Error).message);
    return exitCodes.usage;
  }
  const chosenRows = [...new Set(steps.map(({ row }) => row))];
  return runUnlessObstructed(chosenRows, cores, async (ending) =>
    report(steps, await measureAll(steps, ending)),
  );
}

/** Returns the exit code. */
function report(steps: readonly Step[], results: readonly (Figures | Failure)[]): number {
  for (const name of new Set(steps.filter(({ row }) => row.durable).map(({ system }) => system)))
    console.log(`${name}, stored: ${(systems[name] as System).durability}`);
  const verdicts = judge(results.filter((result): result is Figures => !('failure' in result)));
  const failures = results.filter((result): result is Failure => 'failure' in result);
  const leftOut = steps.length - results.length;
  console.log(formatOutcome({ verdicts, failures, leftOut }));
  if (values.json !== undefined)
    writeFileSync(values.json, JSON.stringify({ results, verdicts }, null, 1));
  return failures.length + leftOut === 0 ? exitCodes.ok : exitCodes.failure;
}

/** What was under way when it was told to end is not among the results. */
async function measureAll(
  steps: readonly Step[],
  signal: AbortSignal,
): Promise<readonly (Figures | Failure)[]> {
  const watch = new Watch(steps);
  const results: (Figures | Failure)[] = [];
  for (const [row, ofRow] of Map.groupBy(steps, (step) => step.row)) {
    if (signal.aborted) break;
    console.log(heading(row));
    const resultsOfRow: (Figures | Failure)[] = [];
    for (const step of ofRow) {
      const result = await watch.during(step, () => measure(row, step.system, cores, signal));
      if (signal.aborted) break;
      resultsOfRow.push(result);
      console.log(formatLine(result));
    }
    console.log(row.window === 0 ? formatCollections(resultsOfRow) : formatRatios(resultsOfRow));
    results.push(...resultsOfRow);
  }
  return results;
}
