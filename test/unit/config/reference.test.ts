// Goal: the reference pages say all that is in the tables. Method: each table entry has its row.
// test/unit/documents.test.ts compares the pages with the files.
import { expect, test } from '@jest/globals';
import { errorTable } from '../../../src/base/errors.ts';
import { exitCodes } from '../../../src/base/exit-codes.ts';
import { environmentName } from '../../../src/config/option.ts';
import { optionEntries } from '../../../src/config/options.ts';
import { referencePages } from '../../../src/config/reference.ts';

test('every option, error and exit code is on its page', () => {
  const { 'settings.md': settings, 'errors.md': errors } = referencePages();
  for (const [name, { sources }] of optionEntries) {
    expect(settings).toMatch(new RegExp(`^\\| \`--${name}[ \`]`, 'm'));
    if (!sources) expect(settings).toContain(`\`${environmentName(name)}\``);
  }
  for (const [name, { code }] of Object.entries(errorTable))
    expect(errors).toContain(`| \`${code}\` | ${name} |`);
  for (const code of Object.values(exitCodes)) expect(errors).toContain(`| \`${code}\` |`);
});
