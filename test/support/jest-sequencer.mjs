// The order of suites: those that take long begin first, so that no single one is waited for at the end. On a clean
// checkout Jest knows no times, so the folders come first; within each its own order, by what it has measured.
import Sequencer from '@jest/test-sequencer';

const folders = ['long', 'system', 'simulation', 'integration', 'contract', 'property', 'unit'];

function placeOf({ path, context }) {
  const [folder] = path.slice(context.config.rootDir.length + '/test/'.length).split('/');
  return folders.indexOf(folder);
}

export default class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
