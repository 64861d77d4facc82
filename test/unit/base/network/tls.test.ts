// Goal: wrong files are named at the start, and change nothing later. Method: certificates made by
// openssl, files put in place as operators do.
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { openTls, Tls } from '../../../../src/base/network/tls.ts';
import {
  Authority,
  type CertificateFiles,
  replaceCertificate,
} from '../../../support/certificates.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { recordingLog } from '../../http/recording-log.ts';

let authority: Authority;

beforeAll(() => {
  authority = new Authority();
});

function settingsOf({ cert, key }: CertificateFiles) {
  return { tlsCert: cert, tlsKey: key, tlsCa: authority.ca };
}

function textFile(text: string): string {
  const file = join(temporaryFolder('tls'), 'file.pem');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

describe('settings that cannot work are refused, and named', () => {
  const missing = '/nowhere/file.pem';

  test.each([
    [{ tlsCert: 'a' }, '--tls-cert needs --tls-key'],
    [{ tlsKey: 'a' }, '--tls-key needs --tls-cert'],
    [{ tlsClientCerts: true }, '--tls-client-certs needs --tls-cert'],
    [{ tlsCert: 'a', tlsKey: 'b', tlsClientCerts: true }, '--tls-client-certs needs --tls-ca'],
    [{ tlsCa: missing }, `--tls-ca ${missing}: cannot be read`],
    [{ tlsCert: missing, tlsKey: missing }, `--tls-cert ${missing}: cannot be read`],
  ])('%j', async (settings, message) => {
    const opening = Tls.open(settings);
    await expect(opening).rejects.toMatchObject({ kind: 'bad-config' });
    await expect(opening).rejects.toThrow(message);
  });

  test('what is no PEM, and a key of another certificate', async () => {
    const [one, two] = [authority.issue(), authority.issue()];
    const text = textFile('-----BEGIN CERTIFICATE-----\nsecrets of somebody\n');
    for (const [settings, message] of [
      [{ ...settingsOf(one), tlsCa: text }, `--tls-ca ${text}: is not what it should be, in PEM`],
      [{ ...settingsOf(one), tlsCert: text }, `--tls-cert ${text}: is not what`],
      [{ ...settingsOf(one), tlsKey: text }, `--tls-key ${text}: is not what`],
      [{ ...settingsOf(one), tlsKey: two.key }, `--tls-key ${two.key}: is not the key of`],
    ] as const) {
      await expect(Tls.open(settings)).rejects.toThrow(message);
      await expect(Tls.open(settings)).rejects.not.toThrow('secrets of somebody');
    }
  });

  test('a chain whose second certificate is broken', async () => {
    const files = authority.issue();
    appendFileSync(files.cert, readFileSync(authority.ca).subarray(0, 200));
    await expect(Tls.open(settingsOf(files))).rejects.toThrow(`--tls-cert ${files.cert}: is not`);
  });
});

describe('a role says at its start', () => {
  test.each([
    ['0.0.0.0', 1],
    ['10.0.0.1', 1],
    ['127.0.0.1', 0],
    ['::1', 0],
    ['localhost', 0],
  ])('that nothing is encrypted, if it listens on %s', async (host, warnings) => {
    const { log, lines } = recordingLog();
    await openTls({ host }, log);
    expect(lines.filter((line) => line.includes('without --tls-cert'))).toHaveLength(warnings);
  });

  test('that its certificate has expired', async () => {
    const { log, lines } = recordingLog();
    const host = '0.0.0.0';
    await openTls({ host, ...settingsOf(authority.issue()) }, log);
    expect(lines).toEqual([]);
    await openTls({ host, ...settingsOf(authority.issue({ expired: true })) }, log);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('has expired');
  });
});

describe('reading again', () => {
  async function opened(files: CertificateFiles) {
    const { log, lines } = recordingLog();
    const tls = await Tls.open(settingsOf(files));
    let reloads = 0;
    tls.port?.onReload(() => {
      reloads += 1;
    });
    const shown = () => tls.port?.files.cert.toString();
    return { tls, log, lines, shown, reloads: () => reloads };
  }

  test('shows the new certificate, to new connections, and tells those who listen', async () => {
    const files = authority.issue();
    const renewed = authority.issue();
    const { tls, log, shown, reloads } = await opened(files);
    const context = tls.port?.context;
    expect(tls.port?.context).toBe(context);
    replaceCertificate(files, renewed);
    await tls.reload(log);
    expect(shown()).toBe(readFileSync(renewed.cert, 'utf8'));
    expect(tls.port?.context).not.toBe(context);
    expect(reloads()).toBe(1);
  });

  test('waits while the files do not fit each other', async () => {
    const files = authority.issue();
    const renewed = authority.issue();
    const { tls, log, lines, shown } = await opened(files);
    writeFileSync(files.cert, readFileSync(renewed.cert));
    const reloading = tls.reload(log);
    setTimeout(() => writeFileSync(files.key, readFileSync(renewed.key)), 100);
    await reloading;
    expect(shown()).toBe(readFileSync(renewed.cert, 'utf8'));
    expect(lines.join('')).not.toContain('cannot be used');
  });

  test('keeps the certificate that there is when the file is broken, says so, and recovers', async () => {
    const files = authority.issue();
    const { tls, log, lines, shown, reloads } = await opened(files);
    const before = shown();
    const context = tls.port?.context;
    truncateSync(files.cert, 100);
    await tls.reload(log);
    expect([shown(), tls.port?.context, reloads()]).toEqual([before, context, 0]);
    expect(lines.join('')).toContain('the one before stays in use');
    expect(lines.join('')).toContain(`--tls-cert ${files.cert}`);
    replaceCertificate(files, authority.issue());
    await tls.reload(log);
    expect(reloads()).toBe(1);
  });
});
