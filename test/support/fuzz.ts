/**
 * Property tests that can run for long. `make test` takes some runs of each, from a new seed every
 * time, `make test-quick` a fifth of them; `make fuzz` takes as many as it is told to (RUNS), or lasts
 * about as long (SECONDS), and can begin at a seed (SEED). What fails is shrunk, and says how to see it
 * again.
 */
import fc from 'fast-check';

/** There are some thirty properties, and `make fuzz` runs two at a time. */
const shareOfTime = 1 / 15;

const given = {
  runs: Number(process.env['CIM_FUZZ_RUNS'] || 0),
  seconds: Number(process.env['CIM_FUZZ_SECONDS'] || 0),
  seed: process.env['CIM_FUZZ_SEED'],
  /** Of the usual runs. */
  share: Number(process.env['CIM_FUZZ_SHARE'] || 1),
};
const isLong = given.runs > 0 || given.seconds > 0;

/** For Jest: a long run ends itself. */
export const fuzzTimeoutMs = isLong ? 24 * 3_600_000 : 60_000;

/** Runs of a property of which `make test` takes so many. */
export function runs(usualRuns: number): number {
  return Math.ceil(usualRuns * given.share);
}

/** `usualRuns`: for `make test`, about a second. True: as many were run, or more. */
export async function fuzz<Input>(
  name: string,
  property: fc.IRawProperty<Input>,
  usualRuns: number,
): Promise<boolean> {
  const details = await fc.check(property, {
    ...(given.seed ? { seed: Number(given.seed) } : {}),
    numRuns: given.runs || (given.seconds > 0 ? Number.MAX_SAFE_INTEGER : runs(usualRuns)),
    ...(given.seconds > 0 && {
      interruptAfterTimeLimit: given.seconds * shareOfTime * 1_000,
      markInterruptAsFailure: false,
    }),
  });
  const { seed, numRuns, failed } = details;
  if (isLong) process.stdout.write(`${name}: seed ${seed}, ${numRuns} runs\n`);
  if (failed) {
    throw new Error(
      `${await fc.asyncDefaultReportMessage(details)}\n\nagain: make fuzz SEED=${seed} RUNS=${numRuns}`,
      { cause: details.errorInstance },
    );
  }
  return numRuns >= usualRuns;
}
