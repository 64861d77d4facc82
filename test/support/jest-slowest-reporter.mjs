// Prints what took longest, when asked how many: SLOWEST=20 make test
import { relative } from 'node:path';

function print(title, entries, count) {
  const longest = entries.toSorted((one, other) => other.ms - one.ms).slice(0, count);
  const lines = longest.map(
    ({ ms, name }) => `${(ms / 1_000).toFixed(1).padStart(7)} s  ${name}\n`,
  );
  process.stdout.write(`\n${title}\n${lines.join('')}`);
}

export default class SlowestReporter {
  #rootDir;

  constructor({ rootDir }) {
    this.#rootDir = rootDir;
  }

  onRunComplete(_contexts, { testResults }) {
    const count = Number(process.env.SLOWEST ?? 0);
    if (count === 0) return;
    const suites = testResults.map(({ testFilePath, perfStats, testResults: tests }) => ({
      ms: perfStats.runtime,
      name: relative(this.#rootDir, testFilePath),
      tests,
    }));
    print('suites', suites, count);
    const tests = suites.flatMap(({ name, tests }) =>
      tests.map(({ fullName, duration }) => ({ ms: duration ?? 0, name: `${name}: ${fullName}` })),
    );
    print('tests', tests, count);
  }
}
