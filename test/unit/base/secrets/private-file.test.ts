// Goal: a secret is taken only from what is ours or root's, and for nobody else. Method: files and
// folders of all owners and modes.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Tls } from '../../../../src/base/network/tls.ts';
import {
  assertPrivate,
  assertPrivateFolder,
  readSecretText,
} from '../../../../src/base/secrets/private-file.ts';
import { readSecretFile } from '../../../../src/base/secrets/secret-file.ts';
import { folderSecretKeeper } from '../../../../src/client/sdk/node/folder-secret-keeper.ts';
import { makeFolder } from '../../../../src/client/sdk/node/make-folder.ts';
import { loadSettings } from '../../../../src/config/load.ts';
import { Authority } from '../../../support/certificates.ts';
import { giveToStranger, meetStranger } from '../../../support/other-user.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const own = process.geteuid?.() ?? 0;
const stranger = own + 12_345;

function fileOf(text: string, mode = 0o600): string {
  const path = join(temporaryFolder('secret'), 'secret');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe('owner and mode', () => {
  test.each([0o600, 0o400])('%o of our own is taken', (mode) => {
    expect(() => assertPrivate('f', { uid: own, mode })).not.toThrow();
  });

  test.each([0o604, 0o644, 0o602, 0o606, 0o777])('%o is refused, whoever has it', (mode) => {
    for (const uid of [own, 0])
      expect(() => assertPrivate('f', { uid, mode })).toThrow(
        /others than its owner may use it .*chmod/,
      );
  });

  test('what root gives to a group is taken, but not what the group can change', () => {
    expect(() => assertPrivate('f', { uid: 0, mode: 0o640 })).not.toThrow();
    expect(() => assertPrivate('f', { uid: 0, mode: 0o660 })).toThrow('chmod 6');
  });

  test('of somebody else nothing is taken', () => {
    for (const mode of [0o600, 0o644])
      expect(() => assertPrivate('f', { uid: stranger, mode })).toThrow(
        `f: belongs to another user (${stranger})`,
      );
  });
});

test('the end of a line is no part of a secret; nothing, too much and no file are told', async () => {
  expect(await readSecretText(fileOf(' hush hush \r\n\n'))).toBe(' hush hush ');
  for (const [path, message] of [
    [fileOf('\n'), 'is empty'],
    [fileOf('x'.repeat(300_000)), 'is too long'],
    [temporaryFolder('x'), 'cannot be read'],
    ['/nowhere/at/all', 'cannot be read'],
  ] as const) {
    const reading = readSecretText(path);
    await expect(reading).rejects.toMatchObject({ kind: 'bad-config' });
    await expect(reading).rejects.toThrow(`${path}: ${message}`);
  }
});

describe('wherever a secret is kept', () => {
  const authority = new Authority();

  function certificate(mode: number): Promise<unknown> {
    const { cert, key } = authority.issue();
    chmodSync(key, mode);
    return Tls.open({ tlsCert: cert, tlsKey: key });
  }

  function inFolder(name: string, text: string, mode: number): string {
    const folder = temporaryFolder('data');
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), mode);
    return folder;
  }

  const account = JSON.stringify({ version: 1, secret: 'x'.repeat(10) });
  const places: Record<string, (mode: number) => Promise<unknown>> = {
    'the key of a certificate': certificate,
    "cim dev's folder": (mode) => readSecretFile(inFolder('cluster-secret', 'hush', mode)),
    "a client's folder": (mode) =>
      folderSecretKeeper(inFolder('secret.json', account, mode)).load(),
    'a file of a secret': (mode) =>
      loadSettings('admin', { flags: { 'cluster-secret-file': [fileOf('hush', mode)] }, env: {} }),
    'a file of settings': (mode) =>
      loadSettings('admin', { flags: { config: [fileOf('cluster-secret: hush', mode)] }, env: {} }),
    "a file of settings, with a secret of another's": (mode) =>
      loadSettings('client', {
        flags: { config: [fileOf('cluster-secret: hush\nuser-id: 1\nname: bob', mode)] },
        env: {},
      }),
    "a file of settings, with Redis' password": (mode) =>
      loadSettings('route', {
        flags: { config: [fileOf('redis: redis://:hush@r:1', mode)] },
        env: {},
      }),
  };

  test.each(Object.entries(places))('%s', async (_what, read) => {
    await read(0o600);
    const reading = read(0o644);
    await expect(reading).rejects.toThrow('others than its owner may use it (mode 644): chmod');
    await expect(reading).rejects.not.toThrow('hush');
  });

  test('settings without a secret may be read by all', async () => {
    const config = [fileOf('route: http://r:1', 0o644)];
    await loadSettings('admin', { flags: { config }, env: {} });
  });

  test('a file and a folder of another user are refused', async () => {
    const file = fileOf('hush');
    giveToStranger(file);
    const folder = join(temporaryFolder('x'), 'theirs');
    mkdirSync(folder);
    giveToStranger(folder);
    meetStranger();
    await expect(readSecretText(file)).rejects.toThrow('belongs to another user');
    await expect(makeFolder(folder)).rejects.toThrow('belongs to another user');
  });

  test('a folder in which others may write is refused', async () => {
    const folder = temporaryFolder('open');
    chmodSync(folder, 0o777);
    await expect(assertPrivateFolder(folder)).rejects.toThrow('others may write in it (mode 777)');
    await expect(makeFolder(folder)).rejects.toThrow('chmod 700');
    await makeFolder(join(folder, 'below'));
  });
});
