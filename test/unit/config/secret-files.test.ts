import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { inspectSettings, loadSettings } from '../../../src/config/load.ts';
import { environmentName, roles } from '../../../src/config/option.ts';
import { optionEntries, optionsOf } from '../../../src/config/options.ts';
import { holdsSecret } from '../../../src/config/secret-options.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function fileOf(text: string): string {
  const path = join(temporaryFolder('secret'), 'secret');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const secrets = roles.flatMap((role) =>
  optionsOf(role)
    .filter(([, option]) => holdsSecret(option))
    .map(([name, { type }]) => [role, name, type] as const),
);

test('all that may hold a secret are known as such', () => {
  const named = optionEntries.filter(([name]) => /secret|password|token|auth$|redis$/.test(name));
  const open = named.filter(([, option]) => !holdsSecret(option)).map(([name]) => name);
  // How users prove who they are, and for how long.
  expect(open.filter((name) => !name.endsWith('-file'))).toEqual(['auth', 'token-minutes']);
});

describe.each(secrets)('cim %s --%s may be in a file', (role, name, type) => {
  const text = type === 'redis' ? 'redis://:hush@redis:6379' : 'hush hush';
  const settingFrom = async (from: Parameters<typeof inspectSettings>[1]) => {
    const { settings, problems } = await inspectSettings(role, from);
    const found = settings.find((setting) => setting.name === name);
    return {
      value: found?.value,
      origin: found?.from,
      problems: problems.map(({ message }) => message),
    };
  };

  test('named by a flag, a variable, a key of the settings', async () => {
    const twin = `${name}-file`;
    const path = fileOf(`${text}\n`);
    const variable = environmentName(twin);
    const config = fileOf(`${twin}: ${path}`);
    const answer = { value: text, problems: [] };
    expect(await settingFrom({ flags: { [twin]: [path] }, env: {} })).toEqual({
      ...answer,
      origin: `--${twin}`,
    });
    expect(await settingFrom({ flags: {}, env: { [variable]: path } })).toEqual({
      ...answer,
      origin: variable,
    });
    expect(await settingFrom({ flags: { config: [config] }, env: {} })).toEqual({
      ...answer,
      origin: `${config}: ${twin}`,
    });
  });

  test('the stronger source wins, and both in one is an error', async () => {
    const twin = `${name}-file`;
    const path = fileOf(text);
    const other = type === 'redis' ? 'other:1' : 'other';
    const [variable, twinVariable] = [environmentName(name), environmentName(twin)];
    expect(
      (await settingFrom({ flags: { [twin]: [path] }, env: { [variable]: other } })).value,
    ).toBe(text);
    expect(
      await settingFrom({ flags: { [name]: [other] }, env: { [twinVariable]: '/nowhere' } }),
    ).toMatchObject({ value: other, problems: [] });
    const both = await settingFrom({ flags: {}, env: { [variable]: other, [twinVariable]: path } });
    expect(both.problems).toEqual([`cannot be used together with ${variable}`]);
  });
});

test('what is wrong with a file is told, with where it was named, and not what is in it', async () => {
  const missing = loadSettings('admin', {
    flags: { 'cluster-secret-file': ['/nowhere'] },
    env: {},
  });
  await expect(missing).rejects.toThrow('--cluster-secret-file: /nowhere: cannot be read');
  const long = fileOf('hush'.repeat(1_000));
  const wrong = loadSettings('admin', { flags: {}, env: { CIM_CLUSTER_SECRET_FILE: long } });
  await expect(wrong).rejects.toThrow(
    'CIM_CLUSTER_SECRET_FILE: must be 1 to 1024 characters, got ***',
  );
});

test('a role gets the secret alone', async () => {
  const flags = { 'cluster-secret-file': [fileOf('hush')] };
  const { settings } = await loadSettings('server', { flags, env: {} });
  expect(settings.clusterSecret).toBe('hush');
  expect(Object.keys(settings).filter((name) => name.endsWith('File'))).toEqual([]);
});
