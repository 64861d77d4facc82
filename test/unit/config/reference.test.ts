// Goal: the reference pages say all that is in the tables. Method: each table entry has its row.
// test/unit/documents.test.ts compares the pages with the files.
import { expect, test } from '@jest/globals';
import { errorTable } from '../../../src/base/errors.ts';
import { exitCodes } from '../../../src/base/exit-codes.ts';
import { faults } from '../../../src/base/process/faults.ts';
import { environmentName } from '../../../src/config/option.ts';
import { optionEntries } from '../../../src/config/options.ts';
import { referencePages } from '../../../src/config/reference.ts';

test('every option, error, exit code and fault is on its page', () => {
  const {
    'settings.md': settings,
    'errors.md': errors,
    'faults.md': faultsPage,
  } = referencePages();
  for (const [name, { sources }] of optionEntries) {
    expect(settings).toMatch(new RegExp(`^\\| \`--${name}[ \`]`, 'm'));
    if (!sources) expect(settings).toContain(`\`${environmentName(name)}\``);
  }
  for (const [name, { code }] of Object.entries(errorTable))
    expect(errors).toContain(`| \`${code}\` | ${name} |`);
  for (const [name, { words, remedy }] of Object.entries(faults))
    expect(faultsPage).toMatch(
      new RegExp(`^\\| ${words} \\| \`${name}\` \\|.*${remedy.slice(0, 8)}`, 'm'),
    );
  for (const code of Object.values(exitCodes)) expect(errors).toContain(`| \`${code}\` |`);
});
