// Goal: the completion script completes. Method: bash itself, asked as it asks when Tab is pressed.
import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { runProgram } from '../../../src/cli/program.ts';
import { FakeHost } from './fake-host.ts';

async function scriptFor(shell: string): Promise<string> {
  const fake = new FakeHost();
  expect(await runProgram(['completion', shell], fake.host)).toBe(0);
  return (await fake.written()).stdout;
}

test.each([
  [['s'], ['server', 'send']],
  [['send', '--g'], ['--group']],
  [['server', '--redis'], []],
  [
    ['route', '--strategy', 'r'],
    ['round-robin', 'random'],
  ],
  [['completion', '--h'], ['--help']],
])('cim %j', async (words, completions) => {
  const press = `COMP_WORDS=(cim ${words.join(' ')}); COMP_CWORD=${words.length}; _cim; echo "\${COMPREPLY[*]}"`;
  const output = execFileSync('bash', ['-c', `${await scriptFor('bash')}\n${press}`], {
    encoding: 'utf8',
  });
  expect(output.split(/\s+/).filter((word) => word !== '')).toEqual(completions);
});

test('zsh gets the same, after what makes it understand', async () => {
  const [zsh, bash] = [await scriptFor('zsh'), await scriptFor('bash')];
  expect(zsh).toBe(`autoload -U +X bashcompinit && bashcompinit\n${bash}`);
});
