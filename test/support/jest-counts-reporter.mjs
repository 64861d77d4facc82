// Ends a test run with its counts on one plain line of standard output, for whoever reads the log
// by machine.
import { writeSync } from 'node:fs';

export default class CountsReporter {
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = results;
    // A suite that could not even be loaded has failed, though it counts no test.
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    // Jest prints its own summary after this; ours is to be the last word.
    process.once('exit', () => {
      writeSync(1, `${numPassedTests} passed, ${failed} failed${skipped}\n`);
    });
  }
}
